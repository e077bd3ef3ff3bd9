"""The front door on a running stack: sources as an operator sets them, and any request at all."""

import hmac
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from e2e.pipeline import Pipeline, wait_until
from local_stack import layout
from responder.adapters.secrets import FORCE_PACE
from responder_cli.main import cli
from responder_cli.sources import vault
from samples import JSON, sample

pytestmark = pytest.mark.e2e_long

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
PATIENCE = 4 * FORCE_PACE
#: Requests for each of the eight operations, and those of its fixed phases besides.
EXAMPLES = 60
# Not whether bodies fit: the emulator's refusals ignore the template's gateway responses.
# tests/template/test_openapi.py checks them, and ours.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
BODY = sample("generic/firing.json")


def sources(pipeline: Pipeline, *words: str) -> Any:
    done = CliRunner().invoke(cli, ["sources", *words, "--json"], obj=lambda *_: pipeline.deployed)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_source_is_added_rotated_and_removed(pipeline: Pipeline) -> None:
    made = sources(pipeline, "add", "e2e", "--tool", "alertmanager", "--by", "bearer")
    (old,) = made["tokens"]

    def status(token: str) -> int:
        headers = {**JSON, "Authorization": f"Bearer {token}"}
        return pipeline.post(BODY, url=made["url"], headers=headers).status

    assert status("wrong") == 403
    # Whoever is not known has the secret read afresh, though not in a storm.
    wait_until(lambda: status(old), lambda answer: answer == 202, PATIENCE)
    new = sources(pipeline, "rotate", "e2e")["tokens"][1]
    assert status(old) == 202
    sources(pipeline, "rotate", "e2e", "--finish")
    assert vault.load(pipeline.deployed).document["sources"]["e2e"]["tokens"] == [new]
    sources(pipeline, "remove", "e2e", "--yes")
    assert "e2e" not in sources(pipeline, "list")["sources"]


def test_a_signature_counts_over_the_bytes_that_passed_api_gateway(pipeline: Pipeline) -> None:
    made = sources(pipeline, "add", "signed", "--tool", "our-ci", "--by", "signature")
    (secret,) = made["signature"]["secrets"]
    body = '{"title": "Übung — \\u00e9", "severity": "HIGH"}\r\n'.encode()

    def status(signature: str, sent: bytes = body) -> int:
        headers = {**JSON, "X-Signature": signature}
        return pipeline.post(sent, url=made["url"], headers=headers).status

    good = hmac.new(secret.encode(), body, "sha256").hexdigest()
    wait_until(lambda: status(good), lambda answer: answer == 202, PATIENCE)
    assert status(good, body + b" ") == 403
    assert status("") == 403


def test_two_operators_do_not_overwrite_each_other(pipeline: Pipeline) -> None:
    stack = pipeline.deployed
    read_before = vault.load(stack)
    sources(pipeline, "add", "first", "--tool", "grafana", "--by", "url")
    with pytest.raises(click.ClickException, match="Somebody else"):
        vault.save(stack, {"sources": {}}, read_before)
    assert "first" in sources(pipeline, "list")["sources"]
    sources(pipeline, "remove", "first", "--yes")


def test_any_request_of_the_openapi_document_is_answered_as_it_says(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    (base, _) = pipeline.stack.webhook_url.rsplit("/alerts", 1)
    document = shutil.copy(layout.REPOSITORY / "docs" / "openapi.yaml", tmp_path)
    done = subprocess.run(
        [
            *(SCHEMATHESIS, "run", document, "--url", base),
            *("--header", f"x-api-key: {pipeline.stack.api_key}"),
            *("--header", f"Authorization: Bearer {pipeline.stack.token}"),
            *("--checks", CHECKS, "--phases", "examples,coverage,fuzzing"),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--continue-on-failure"),
            *("--tls-verify", str(pipeline.stack.bundle), "--request-timeout", "30"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
