"""Certificates for tests: an authority, and one certificate for this machine under any of its names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8


class Certificates(NamedTuple):
    """Files, all PEM."""

    authority: Path
    cert: Path
    key: Path
    both: Path
    """The key and then the certificate, as Kafka takes a key store."""
    other_key: Path
    """Of no certificate."""
    locked_key: Path
    """The right one, with a passphrase."""


def issued(folder: Path) -> Certificates:
    """Makes all of them in the folder; good for a day."""
    root, ours, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    authority = _signed("kassabrug tests", root.public_key(), "kassabrug tests", root, True)
    cert = _signed("localhost", ours.public_key(), "kassabrug tests", root, False)
    made = Certificates(*(folder / f"{name}.pem" for name in Certificates._fields))
    plain = serialization.NoEncryption()
    own = ours.private_bytes(PEM, PKCS8, plain)
    made.authority.write_bytes(authority.public_bytes(PEM))
    made.cert.write_bytes(cert.public_bytes(PEM))
    made.key.write_bytes(own)
    made.both.write_bytes(own + cert.public_bytes(PEM))
    made.other_key.write_bytes(other.private_bytes(PEM, PKCS8, plain))
    locked = ours.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"geheim"))
    made.locked_key.write_bytes(locked)
    return made


def _signed(
    subject: str,
    public: ec.EllipticCurvePublicKey,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(names, critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
