"""The certificates of the local stack are ones that strict clients accept, on loopback only."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from local_stack import certificates
from local_stack.certificates import Certificates


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    return certificates.create(tmp_path)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "bucket.s3.localhost"])
def test_a_client_that_trusts_the_bundle_connects(made: Certificates, name: str) -> None:
    assert _handshake(made, name, made.bundle)


def test_another_name_is_refused(made: Certificates) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(made, "example.com", made.bundle)


def test_another_run_s_authority_is_refused(made: Certificates, tmp_path: Path) -> None:
    other = certificates.create(tmp_path / "other")

    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(made, "localhost", other.bundle)


def test_the_key_is_readable_by_its_owner_alone(made: Certificates) -> None:
    assert made.key.stat().st_mode & 0o077 == 0


def test_the_bundle_keeps_the_usual_authorities(made: Certificates) -> None:
    assert made.bundle.read_text().count("BEGIN CERTIFICATE") > 50


def _handshake(made: Certificates, name: str, trusted: Path) -> bool:
    ours, theirs = socket.socketpair()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.chain, made.key)
    serving = threading.Thread(target=_serve, args=(server, theirs))
    serving.start()
    client = ssl.create_default_context(cafile=str(trusted))
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    try:
        with ours, client.wrap_socket(ours, server_hostname=name) as wrapped:
            return wrapped.version() is not None
    finally:
        serving.join()


def _serve(context: ssl.SSLContext, connection: socket.socket) -> None:
    try:
        with connection, context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(1)
    except OSError:
        # The client did not trust us; its side of the test says why.
        return
