"""``responder deploy``: what the runbook's ``deploy.sh`` calls; builds, and hands over to SAM."""

import subprocess
from pathlib import Path

import click

from responder_cli.options import examples

HOME = Path(__file__).parents[2]


@click.command(
    epilog=examples(
        "responder deploy --environment dev",
        "responder deploy --environment staging --bucket staging-deployment-bucket",
    )
)
@click.option("--environment", type=click.Choice(["dev", "staging", "prod"]), required=True,
              help="A section of samconfig.toml.")  # fmt: skip
@click.option("--bucket", help="S3 bucket for the code; else the one that SAM manages.")
def deploy(environment: str, bucket: str | None) -> None:
    """Build and deploy to AWS. In prod SAM shows the change set and asks.

    It exits with what make or sam exit with.
    """
    done = subprocess.run(command(environment, bucket), cwd=HOME, check=False)  # noqa: S603 - fixed words and a choice
    click.get_current_context().exit(done.returncode)


def command(environment: str, bucket: str | None) -> list[str]:
    """What is run; make builds before it deploys."""
    call = ["make", "deploy", f"STAGE={environment}"]
    return [*call, f"BUCKET={bucket}"] if bucket else call
