"""What the AWS account and region need, before a stack's first deployment and after it."""

from collections.abc import Callable, Iterator

from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from responder.clock import utc_now
from responder_cli.aws import TABLES, NotFound, Stack, words
from responder_cli.doctor.plan import Plan
from responder_cli.health import outside
from responder_cli.health.verdict import Finding, failing, ok, warning
from responder_cli.mending import aws, deploy
from responder_cli.secrets.kinds import KINDS

#: Executions that an account never reserves for functions.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
NEVER_RESERVED = 100
#: Lambda's "Concurrent executions".
QUOTA_CODE = "L-B99A9384"
USUAL_CONCURRENCY = 1000
CRITICAL_LANE = "CriticalLane"
#: States of a stack that can be deployed to.
DEPLOYABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
#: What a first deployment leaves behind that failed.
NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
#: What stopped half-way in a stack that was whole, and how it goes on.
_HALF_WAY = {
    "UPDATE_ROLLBACK_FAILED": ("a rollback stopped half-way", "continue-update-rollback"),
    "UPDATE_FAILED": ("an update stopped half-way", "rollback-stack"),
    "DELETE_FAILED": ("its deletion stopped half-way", "describe-stack-events"),
}

Check = Callable[[], Iterator[Finding]]


def findings(stack: Stack, plan: Plan, region: str, bucket: str | None) -> Iterator[Finding]:
    """Nothing else is asked where there are no credentials."""
    try:
        caller = stack.client("sts").get_caller_identity()
    except NoRegionError as error:
        yield failing("region", words(error), f"give --region {region}")
        return
    except (BotoCoreError, ClientError) as error:
        yield failing("credentials", words(error), "aws configure sso, then give --profile")
        return
    yield ok("credentials", f"{caller['Arn']} in account {caller['Account']}")
    yield _region(stack, region, plan)
    try:
        there = _state(stack)
    except ClientError as error:
        yield failing("stack", f"cannot be seen: {words(error)}", "ask for the rights to deploy")
        return
    checks: dict[str, Check] = {
        "stack": lambda: _stack(stack, there, plan),
        "concurrency": lambda: _concurrency(stack, plan, 0 if there is None else _reserved(stack)),
        "bucket": lambda: _bucket(stack, bucket, caller["Account"]),
    }
    if there is None:
        checks["names"] = lambda: _names(stack, plan)
        checks["API Gateway's log role"] = lambda: _log_role(stack, plan)
    elif there in DEPLOYABLE:
        checks["CRITICAL lane"] = lambda: _critical_lane(stack, plan)
        # The first deployment makes them, empty.
        checks["secrets"] = lambda: outside.secrets(stack, utc_now())
    for name, check in checks.items():
        try:
            yield from check()
        except (BotoCoreError, ClientError) as error:
            yield warning(name, f"could not be checked: {words(error)}", "ask with more rights")
        except NotFound as error:
            yield warning(name, f"could not be checked: {error}")


def _region(stack: Stack, configured: str, plan: Plan) -> Finding:
    """SAM obeys samconfig.toml, and the other commands what AWS is configured with."""
    asked = str(stack.client("sts").meta.region_name)
    if asked == configured:
        return ok("region", asked)
    return failing(
        "region",
        f"samconfig.toml deploys to {configured}, and the commands look at {asked}",
        f"give --region {configured}, or change it in [{plan.environment}]",
    )


def _state(stack: Stack) -> str | None:
    """The stack's state; None where there is none."""
    return stack.state if stack.is_there else None


def _stack(stack: Stack, state: str | None, plan: Plan) -> Iterator[Finding]:
    if state is None:
        yield ok("stack", f"{stack.name} is not there yet; the first deployment makes it")
    elif state.endswith("_IN_PROGRESS"):
        yield failing("stack", f"it is {state}", f"wait: {_waiting(stack)}")
    elif state not in DEPLOYABLE:
        yield failing("stack", f"it is {state}: {_ruined(state)}", _mend(stack, state))
    else:
        yield ok("stack", state)
        yield from _protection(stack, plan)


def _waiting(stack: Stack) -> str:
    return aws(stack, f"cloudformation describe-stack-events --stack-name {stack.name}")


def _ruined(state: str) -> str:
    if state in NEVER_MADE:
        return "a first deployment failed, and nothing can be deployed over it"
    return _HALF_WAY.get(state, ("nothing can be deployed over it", ""))[0]


def _mend(stack: Stack, state: str) -> str:
    """Only what was never whole is deleted."""
    if state in NEVER_MADE:
        return aws(stack, f"cloudformation delete-stack --stack-name {stack.name}")
    goes_on = _HALF_WAY.get(state, ("", "describe-stack-events"))[1]
    return aws(stack, f"cloudformation {goes_on} --stack-name {stack.name}")


def _protection(stack: Stack, plan: Plan) -> Iterator[Finding]:
    if not plan.is_on("DeletionProtection"):
        return
    if stack.protected:
        yield ok("termination protection", "on")
        return
    mend = aws(
        stack,
        "cloudformation update-termination-protection --enable-termination-protection "
        f"--stack-name {stack.name}",
    )
    yield warning("termination protection", "off: one command deletes the stack", mend)


def _concurrency(stack: Stack, plan: Plan, reserved: int) -> Iterator[Finding]:
    """The quota, against what this stack uses, or reserves beyond what is ``reserved``."""
    limit = stack.client("lambda").get_account_settings()["AccountLimit"]
    total, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    raised = aws(
        stack,
        "service-quotas request-service-quota-increase --service-code lambda "
        f"--quota-code {QUOTA_CODE} --desired-value {USUAL_CONCURRENCY}",
    )
    if not plan.is_on(_RESERVES):
        used = sum(map(plan.number, _CONCURRENCY)) + plan.number("ReceptionReserved")
        if total < used:
            reason = f"the account runs {total} at once, the stack may want {used}: it is throttled"
            yield warning("concurrency", reason, raised)
        else:
            yield ok("concurrency", f"{total} at once, {free} of them unreserved")
        return
    needed = sum(map(plan.number, _RESERVED)) - reserved
    if needed > 0 and free - needed < NEVER_RESERVED:
        reason = (
            f"{free} of {total} are unreserved, of which {NEVER_RESERVED} stay so; "
            f"it would reserve {needed} more"
        )
        mend = f"{raised}; or deploy with {_RESERVES}=false"
        yield failing("concurrency", reason, mend)
    else:
        yield ok("concurrency", f"{total} at once, {free} of them unreserved")


def _reserved(stack: Stack) -> int:
    """What a stack that is there has taken of the account already."""
    if stack.parameter(_RESERVES, "") != "true":
        return 0
    return sum(int(stack.parameter(name, "0")) for name in _RESERVED)


def _critical_lane(stack: Stack, plan: Plan) -> Iterator[Finding]:
    """A queue is made by one deployment and used by the next one (docs/deploy.md, Upgrades)."""
    name = "CRITICAL lane"

    def mended(state: str) -> str:
        return deploy(stack, f"{CRITICAL_LANE}={state}", environment=plan.environment)

    made = "CriticalProcessingQueueUrl" in stack.outputs
    if not made and plan.is_on(CRITICAL_LANE):
        yield failing(name, "its queue is not there yet: a rollback would lose it", mended("false"))
    elif not made:
        yield ok(name, "this deployment makes its queue; the next one may open it")
    elif stack.parameter(CRITICAL_LANE, "") != "true":
        yield warning(name, "closed: CRITICAL alerts wait behind all others", mended("true"))
    else:
        yield ok(name, "open")


_RESERVES = "ReserveConcurrency"
_RESERVED = ("ReceptionReserved", "AnalysisReserved", "DistributionReserved")
_CONCURRENCY = (
    # CRITICAL alerts have a mapping of their own.
    *["ProcessingConcurrency"] * 2,
    "AnalysisConcurrency",
    "DistributionConcurrency",
    "CriticalConcurrency",
)


def _bucket(stack: Stack, bucket: str | None, account: str) -> Iterator[Finding]:
    if bucket is None:
        return
    try:
        stack.client("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        reason = f"{bucket} is not there, or another account's ({words(error)})"
        made = aws(stack, f"s3 mb s3://{bucket}")
        yield failing("bucket", reason, f"{made}; or leave --bucket out")
    else:
        yield ok("bucket", f"{bucket} is this account's")


def _names(stack: Stack, plan: Plan) -> Iterator[Finding]:
    """What an earlier stack left behind keeps its name, and a first deployment fails for it."""
    found = [*_tables_left(stack), *_secrets_left(stack, plan)]
    yield from found
    if not found:
        yield ok("names", "no table or secret of an earlier stack is in the way")


def _tables_left(stack: Stack) -> Iterator[Finding]:
    for short in TABLES:
        name = f"{stack.name}-{short}"
        try:
            stack.client("dynamodb").describe_table(TableName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            continue
        forget = aws(stack, f"dynamodb delete-table --table-name {name}")
        reason = f"the table {name} is there without its stack"
        yield failing("names", reason, f"export it, then {forget}")


def _secrets_left(stack: Stack, plan: Plan) -> Iterator[Finding]:
    prefix = plan.parameters.get("SecretPrefix") or stack.name
    for short in KINDS:
        name = f"{prefix}/{short}"
        try:
            found = stack.client("secretsmanager").describe_secret(SecretId=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            continue
        forget = aws(
            stack,
            f"secretsmanager delete-secret --force-delete-without-recovery --secret-id {name}",
        )
        if found.get("DeletedDate"):
            restore = aws(stack, f"secretsmanager restore-secret --secret-id {name}")
            reason = f"the secret {name} is being deleted: the name is taken"
            yield failing("names", reason, f"{restore} to see it, then {forget}")
        else:
            yield failing("names", f"the secret {name} is there without its stack", forget)


def _log_role(stack: Stack, plan: Plan) -> Iterator[Finding]:
    """It belongs to the account and region: a stack that makes one takes another's place."""
    role = stack.client("apigateway").get_account().get("cloudwatchRoleArn")
    if role and plan.parameters.get("ApiGatewayLogsRole") == "create":
        yield warning("API Gateway's log role", f"the account has {role}, which would be replaced",
                      f'add "ApiGatewayLogsRole=keep" to [{plan.environment}]')  # fmt: skip
    elif not role and plan.parameters.get("ApiGatewayLogsRole") == "keep":
        yield failing("API Gateway's log role", "there is none to keep",
                      f'take "ApiGatewayLogsRole=keep" out of [{plan.environment}]')  # fmt: skip
    else:
        yield ok("API Gateway's log role", "is kept" if role else "will be made")
