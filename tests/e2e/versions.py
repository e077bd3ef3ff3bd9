"""The functions' published versions on a running stack, and which of them has the traffic."""

from e2e.pipeline import Pipeline
from local_stack import layout
from responder_cli.aws import FUNCTIONS


def live(pipeline: Pipeline) -> dict[str, str]:
    """The version that each function's traffic goes to."""
    client = pipeline.client("lambda")
    return {
        name: client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
        for name in _names()
    }


def publish_newer(pipeline: Pipeline) -> None:
    """A newer version of every function, with the traffic."""
    client = pipeline.client("lambda")
    for name in _names():
        client.update_function_configuration(FunctionName=name, Description="newer")
        newer = client.publish_version(FunctionName=name)["Version"]
        client.update_alias(FunctionName=name, Name="live", FunctionVersion=newer)


def newest(pipeline: Pipeline) -> dict[str, str]:
    """The version of each function that was published last."""
    client = pipeline.client("lambda")
    found = {}
    for name in _names():
        versions = client.list_versions_by_function(FunctionName=name)["Versions"]
        published = (one["Version"] for one in versions if one["Version"] != "$LATEST")
        found[name] = max(published, key=int)
    return found


def _names() -> list[str]:
    return [f"{layout.STACK_NAME}-{short}" for short in FUNCTIONS]
