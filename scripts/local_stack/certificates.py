"""A certificate authority for one run and its server certificate; ``stack`` makes them.

TLS is on locally because the template's queue policies refuse anything else.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Longer than any run; a leaked file is worthless soon.
LIFETIME = timedelta(days=7)
_NAMES = ("localhost", "*.execute-api.localhost", "*.s3.localhost")


@dataclass(frozen=True)
class Certificates:
    """Files in PEM form. ``bundle`` holds this machine's usual authorities and ours."""

    chain: Path
    key: Path
    bundle: Path


def create(directory: Path) -> Certificates:
    """Write a fresh authority, a server certificate for loopback, and the trust bundle."""
    directory.mkdir(parents=True, exist_ok=True)
    made = Certificates(directory / "server.pem", directory / "server.key", directory / "ca.pem")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Local stack authority")
    authority = (
        _builder(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        _builder(_name("localhost"), issuer, server_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(_alternatives()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    authority_pem = authority.public_bytes(serialization.Encoding.PEM)
    made.chain.write_bytes(server.public_bytes(serialization.Encoding.PEM) + authority_pem)
    made.key.touch(mode=0o600)
    made.key.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    made.bundle.write_bytes(_usual_authorities() + b"\n" + authority_pem)
    return made


def _usual_authorities() -> bytes:
    paths = ssl.get_default_verify_paths()
    return Path(paths.cafile or certifi.where()).read_bytes()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # An hour back, for clocks that were set while the machine slept.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives() -> list[x509.GeneralName]:
    addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    return [
        *(x509.DNSName(name) for name in _NAMES),
        *(x509.IPAddress(address) for address in addresses),
    ]
