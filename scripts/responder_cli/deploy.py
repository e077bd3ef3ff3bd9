"""``responder deploy``: what the runbook's ``deploy.sh`` calls; builds, and hands over to SAM."""

import subprocess
from pathlib import Path

import click

from responder_cli.options import examples

HOME = Path(__file__).parents[2]
PACKAGED = ".aws-sam/packaged.yaml"


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
    for command in commands(environment, bucket):
        done = subprocess.run(command, cwd=HOME, check=False)  # noqa: S603 - fixed words and a choice
        if done.returncode:
            click.get_current_context().exit(done.returncode)


def commands(environment: str, bucket: str | None) -> list[list[str]]:
    """What is run, in order; for a bucket of ours SAM wants packaging as a step of its own."""
    if bucket is None:
        return [["make", "deploy", f"STAGE={environment}"]]
    return [
        ["make", "build"],
        [".sam/bin/sam", "package", "--s3-bucket", bucket, "--output-template-file", PACKAGED],
        [".sam/bin/sam", "deploy", "--config-env", environment, "--template-file", PACKAGED],
    ]
