"""AWS in this process, by moto, for tests that make their own clients."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws


@contextmanager
def moto_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account in one region; moto sets the credentials itself."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # moto answers for AWS's own addresses, not for an emulator's.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield
