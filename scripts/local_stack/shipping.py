"""``python -m local_stack.shipping``: ``sam deploy`` of what ``make build`` built, onto AWS.

``make deploy`` calls it: the processor is the one that was built for, whatever samconfig says.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime

from local_stack import layout, samconfig
from responder import settings
from responder.analysis import lifecycle
from responder.clock import utc_now

#: The built template with the digest of the parameters, beside the code that it names.
SHIPPED = layout.BUILD / "shipped.yaml"
#: Stands for that digest in the template: SAM publishes no version for another parameter alone.
NO_REVISION = "SETTINGS_REVISION: none"
#: What follows a change set that SAM has shown. One without changes is no failure then.
CHANGE_SETS = {
    "ask": ("--confirm-changeset", "--no-fail-on-empty-changeset"),
    "go": ("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
}


def effective(environment: str, architecture: str, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters that a deployment names."""
    return {**samconfig.parameters(environment), **given, "Architecture": architecture}


def revised(built: str, parameters: Mapping[str, str]) -> str:
    """A built template in which other parameters make other versions of the functions."""
    if built.count(NO_REVISION) != 1:
        raise ValueError(f"the built template has not one line {NO_REVISION!r}")
    text = json.dumps(parameters, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return built.replace(NO_REVISION, f"SETTINGS_REVISION: r{digest}")


def command(
    environment: str,
    architecture: str,
    bucket: str,
    given: Mapping[str, str],
    change_set: str = "",
) -> list[str]:
    """The call of SAM; ``given`` goes before what samconfig says, the processor before both.

    ``change_set`` says whether SAM asks (a key of ``CHANGE_SETS``); empty leaves it to samconfig.
    """
    parameters = effective(environment, architecture, given)
    return [
        str(layout.SAM),
        *("deploy", "--config-env", environment),
        *("--template-file", str(SHIPPED)),
        # samconfig lets SAM make a bucket of its own, which it would do beside ours.
        *(("--s3-bucket", bucket, "--no-resolve-s3") if bucket else ()),
        *CHANGE_SETS.get(change_set, ()),
        *samconfig.overrides(parameters),
    ]


def warnings(environment: str, given: Mapping[str, str], now: datetime) -> Iterator[str]:
    """What speaks against the models of a deployment, and does not forbid it.

    A parameter that nobody names is taken to have its default; the pre-traffic check knows better.
    """
    named = {**samconfig.parameters(environment), **given}
    for parameter, setting in (("ModelSmall", "model_small"), ("ModelLarge", "model_large")):
        model = named.get(parameter, settings.Analysis.model_fields[setting].default)
        if said := lifecycle.ending(model, now):
            yield f"{parameter}: {said}"


def main() -> None:
    """The command line of ``make deploy``."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.shipping", description=__doc__)
    parser.add_argument("--environment", choices=("dev", "staging", "prod"), required=True)
    parser.add_argument("--architecture", choices=("arm64", "x86_64"), required=True)
    parser.add_argument("--bucket", default="", help="for the code; else the one that SAM manages")
    parser.add_argument(
        "--change-set", choices=CHANGE_SETS, default="", help="else as samconfig has it"
    )
    parser.add_argument("parameters", nargs="*", type=_pair, metavar="NAME=VALUE")
    chosen = parser.parse_args()
    given = dict(chosen.parameters)
    for said in warnings(chosen.environment, given, utc_now()):
        print(f"warning: {said}", file=sys.stderr)
    named = effective(chosen.environment, chosen.architecture, given)
    built = (layout.BUILD / "template.yaml").read_text()
    SHIPPED.write_text(revised(built, named))
    call = command(chosen.environment, chosen.architecture, chosen.bucket, given, chosen.change_set)
    sys.exit(subprocess.run(call, cwd=layout.REPOSITORY, check=False).returncode)  # noqa: S603 (our own command)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


if __name__ == "__main__":
    main()
