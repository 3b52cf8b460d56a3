"""Certificates for an hour, and clients that believe in them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "mx.desk.example"


def make(
    directory: Path,
    serial: int = 1,
    *,
    host: str = HOST,
    password: bytes = b"",
    valid: timedelta = timedelta(hours=1),
) -> tuple[Path, Path]:
    """A self-signed certificate of this serial number and its key, as files. `valid`: from now on."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + valid)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (directory / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked))
    (directory / "key.pem").chmod(0o600)
    return directory / "cert.pem", directory / "key.pem"


def client(certificate: Path) -> ssl.SSLContext:
    """Believes in this certificate only, as it is now."""
    return ssl.create_default_context(cafile=str(certificate))


def serial_of(connection: ssl.SSLSocket) -> int:
    """Of the certificate a server has shown."""
    return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"").serial_number
