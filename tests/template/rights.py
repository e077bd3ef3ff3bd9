"""What each role may do, in full. A new right is a change of this file."""

READ = {"dynamodb:GetItem", "dynamodb:BatchGetItem"}
READ_WRITE = READ | {"dynamodb:PutItem"}
TAKE = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
}
SEND = {"sqs:SendMessage"}
SECRET = {"secretsmanager:GetSecretValue"}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}

#: Actions by role and logical id of the resource.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "ReceptionRole": {
        "ReceptionLogGroup": LOG,
        "ProcessingQueue": SEND,
        "CriticalProcessingQueue": SEND,
        "AsyncFailureQueue": SEND,
        "SourcesSecret": SECRET,
    },
    "AnalysisRole": {
        "AnalysisLogGroup": LOG,
        "ProcessingQueue": TAKE | SEND,
        "CriticalProcessingQueue": TAKE | SEND,
        "AnalysisQueue": TAKE | SEND,
        "ProcessingDeadLetterQueue": SEND,
        "AnalysisDeadLetterQueue": SEND,
        "DistributionQueue": SEND,
        "CriticalQueue": SEND,
        "AlertsTable": READ_WRITE,
        "AnalysisCacheTable": READ_WRITE,
        "IncidentsTable": READ_WRITE | {"dynamodb:Query"},
        "StateTable": READ_WRITE | {"dynamodb:UpdateItem"},
        "AnthropicKeySecret": SECRET,
        "RunbookBucket": {"s3:ListBucket", "s3:GetObject"},
    },
    "DistributionRole": {
        "DistributionLogGroup": LOG,
        "DistributionQueue": TAKE | SEND,
        "CriticalQueue": TAKE | SEND,
        "DistributionDeadLetterQueue": SEND,
        "CriticalDeadLetterQueue": SEND,
        "IncidentsTable": READ_WRITE,
        "StateTable": READ_WRITE,
        "SlackWebhookSecret": SECRET,
        "SlackBotTokenSecret": SECRET,
        "SlackTestWebhookSecret": SECRET,
        "NoticeTopic": {"sns:Publish"},
        "NoticeWebhookSecret": SECRET,
    },
    "HeartbeatRole": {
        "HeartbeatLogGroup": LOG,
        "AlertsTable": READ,
        "IncidentsTable": READ,
        "StateTable": READ_WRITE,
        "ReceptionLogGroup": {"logs:FilterLogEvents"},
        "ProcessingQueue": {"sqs:GetQueueAttributes"},
        "CriticalProcessingQueue": {"sqs:GetQueueAttributes"},
        "ProcessingDeadLetterQueue": {"sqs:GetQueueAttributes"},
        # The one key, and none of the account's others.
        "arn:${AWS::Partition}:apigateway:${AWS::Region}::/apikeys/${ApiKey}": {"apigateway:GET"},
    },
    "DeploymentHookRole": {
        "DeploymentHookLogGroup": LOG,
        "AlertReceptionFunction": {"lambda:InvokeFunction"},
        "AnalysisFunction": {"lambda:InvokeFunction"},
        "DistributionFunction": {"lambda:InvokeFunction"},
        "arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}"
        ":deploymentgroup:${AWS::StackName}-*": {"codedeploy:PutLifecycleEventHookExecutionStatus"},
    },
}
