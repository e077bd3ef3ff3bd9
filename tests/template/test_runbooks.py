"""The bucket of the operators' runbooks: closed, encrypted, and forgiving."""

from template.deployed import referred, resources, stack, statements

BUCKET = resources("AWS::S3::Bucket")["RunbookBucket"]


def test_it_is_the_only_bucket_and_stays_when_the_stack_goes() -> None:
    assert set(resources("AWS::S3::Bucket")) == {"RunbookBucket"}
    whole = stack()["Resources"]["RunbookBucket"]
    assert whole["DeletionPolicy"] == "RetainExceptOnCreate"
    assert whole["UpdateReplacePolicy"] == "Retain"


def test_nobody_outside_of_the_account_gets_in_and_nobody_without_tls() -> None:
    assert set(BUCKET["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(BUCKET["PublicAccessBlockConfiguration"]) == 4
    (policy,) = resources("AWS::S3::BucketPolicy").values()
    assert referred(policy["Bucket"]) == "RunbookBucket"
    (denied,) = statements(policy["PolicyDocument"])
    assert (denied["Effect"], denied["Action"]) == ("Deny", ["s3:*"])
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {referred(one) for one in denied["Resource"]} == {"RunbookBucket"}
    assert len(denied["Resource"]) == 2


def test_what_was_overwritten_can_be_brought_back_for_a_while() -> None:
    assert BUCKET["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = BUCKET["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}


def test_reading_the_list_is_of_the_bucket_and_reading_a_file_is_of_what_is_in_it() -> None:
    (policy,) = resources("AWS::IAM::Role")["AnalysisRole"]["Policies"]
    found = {one.get("Sid"): one for one in statements(policy["PolicyDocument"])}
    assert found["ListRunbooks"]["Resource"] == [{"Fn::GetAtt": ["RunbookBucket", "Arn"]}]
    assert found["ReadRunbooks"]["Resource"] == [{"Fn::Sub": "${RunbookBucket.Arn}/*"}]


def test_the_command_line_finds_it() -> None:
    assert referred(stack()["Outputs"]["RunbookBucketName"]["Value"]) == "RunbookBucket"
