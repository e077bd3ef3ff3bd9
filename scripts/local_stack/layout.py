"""Where things are, and what the local stack is called; every module of this package asks here."""

import platform
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = REPOSITORY / "scripts"
SAM = REPOSITORY / ".sam" / "bin" / "sam"
EMULATOR_PYTHON = REPOSITORY / ".emulator" / "bin" / "python"
#: For deployments to AWS only: another processor's build must never come into its way.
BUILD = REPOSITORY / ".aws-sam" / "build"
LOCAL = REPOSITORY / ".local"
#: For this machine's processor.
LOCAL_BUILD = LOCAL / "build"

#: The production name, so that the operators' runbook works here to the letter.
STACK_NAME = "mcp-incident-responder-prod"
REGION = "us-east-1"
#: The emulator's administrator; it knows no others.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def architecture() -> str:
    """This machine, in Lambda's words."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
