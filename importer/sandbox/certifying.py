"""A certificate made on the spot, by an authority of its own. Needs the extra `tls` to be imported.

The authority's key is never written: nobody can make another certificate that those who trust it
would trust.
"""

import ipaddress
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from importer.sandbox.clock import SystemClock

__all__ = ["Certified", "certified"]

_AUTHORITY = "Sandbox authority"
_NAMES = ("localhost", "sandbox.localhost", "127.0.0.1", "::1")
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared only
_LASTS = timedelta(days=397)
"""Longer ones are refused by some systems, whoever made them."""
_SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certified:
    """PEM files: the authority to trust, the certificate, its key."""

    authority: Path
    certificate: Path
    key: Path


@contextmanager
def certified(host: str) -> Generator[Certified, None, None]:
    """Make a certificate for this machine and a host; its files are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="sandbox-tls-") as folder:
        yield _written(Path(folder), host, SystemClock().now())


def _written(folder: Path, host: str, now: datetime) -> Certified:
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(authority_key, now)
    leaf = _leaf(key, host, authority_key, now)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    files = Certified(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    files.authority.write_bytes(authority.public_bytes(pem))
    files.certificate.write_bytes(leaf.public_bytes(pem))
    files.key.touch(mode=0o600)
    files.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return files


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    builder = _builder(_AUTHORITY, key, now)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_usage(signs=True), critical=True).sign(key, hashes.SHA256())


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    host: str,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    names = [_alternative(name) for name in dict.fromkeys((*_NAMES, host)) if name not in _ANY]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = _builder("localhost", key, now)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(signs=False), critical=True)
    for extension in (
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        issuer,
        x509.SubjectAlternativeName(names),
    ):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _builder(name: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.CertificateBuilder:
    identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(_AUTHORITY))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + _LASTS)
        .add_extension(identity, critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


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


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
