"""TLS certificates as pools have them: self-signed, or signed by a CA, made on the spot."""

import hashlib
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

# The identifiers of RSA signatures, in DER.
_WITH_SHA256 = bytes.fromhex("2a864886f70d01010b")
_WITH_SHA1 = bytes.fromhex("2a864886f70d010105")

_USUAL_BITS = 2048
_EXPONENT = 65537
# Word that a number is made of, and how far beyond it the next prime is.
_PRIMES = (("p", 60), ("q", 4628))

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its key.

    Attributes:
        certificate: PEM.
        key: PEM, unencrypted.
        fingerprint: SHA-256 over the DER form, upper-case pairs with colons.
    """

    certificate: bytes
    key: bytes = field(repr=False)
    fingerprint: str = ""

    def server_context(self, *, ciphers: str = "", max_version: str = "") -> ssl.SSLContext:
        """A server's TLS context with this identity.

        Args:
            ciphers: OpenSSL's cipher list, e.g. `AES128-SHA256`; its default if empty.
            max_version: the newest TLS version spoken, e.g. `TLSv1_2`; any if empty.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if max_version:
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = ssl.TLSVersion[max_version]
        if ciphers:
            context.set_ciphers(ciphers)
        with tempfile.TemporaryDirectory() as folder:
            both = Path(folder, "identity.pem")
            both.touch(mode=0o600)
            both.write_bytes(self.certificate + self.key)
            context.load_cert_chain(both)
        return context


def self_signed(
    common_name: str = "localhost",
    alternative_names: Sequence[str] = LOOPBACK,
    *,
    key_bits: int = 2048,
    days: int = 3650,
    authority: bool = False,
) -> Identity:
    """A certificate that vouches for itself, as xapi makes at installation.

    Args:
        common_name: its subject, a host name or address.
        alternative_names: further names and addresses; none for the certificates before 8.2.
        key_bits: RSA key size; 1024 up to XenServer 7.6, 2048 since.
        days: how long it is valid from yesterday on; a negative number has it expired.
        authority: whether it may sign others.
    """
    return _issue(common_name, alternative_names, key_bits, days, authority=authority, issuer=None)


def signed_by(
    issuer: Identity,
    common_name: str = "localhost",
    alternative_names: Sequence[str] = LOOPBACK,
    *,
    days: int = 365,
) -> Identity:
    """A host certificate signed by an authority made with `self_signed(authority=True)`."""
    return _issue(common_name, alternative_names, 2048, days, authority=False, issuer=issuer)


def _issue(
    common_name: str,
    alternative_names: Sequence[str],
    key_bits: int,
    days: int,
    *,
    authority: bool,
    issuer: Identity | None,
) -> Identity:
    key = rsa.generate_private_key(public_exponent=65537, key_size=key_bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    start = datetime.now(UTC) - timedelta(days=1)
    if days < 0:
        start += timedelta(days=2 * days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.load_pem_x509_certificate(issuer.certificate).subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=abs(days)))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if alternative_names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(text) for text in alternative_names]),
            critical=False,
        )
    signing_key = _private_key(issuer.key) if issuer else key
    certificate = builder.sign(signing_key, hashes.SHA256())
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def _private_key(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the issuer's key is not an RSA key")
    return key


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def public_certificate(
    common_name: str,
    now: datetime,
    *,
    key_bits: int = 2048,
    days: int = 3650,
    sha1: bool = False,
    elliptic: bool = False,
) -> str:
    """The PEM of a host's certificate without its key, as `host.get_server_certificate` answers.

    Args:
        common_name: its subject.
        now: the moment that `days` count from; it began a year before.
        key_bits: RSA key size; all certificates of one size share a key, for keys are slow.
        days: until it ends; a negative number has it expired.
        sha1: whether it names SHA-1 for its signature, which cryptography no longer makes; what it
            bears is still one with SHA-256, and nobody verifies it.
        elliptic: whether its key is an elliptic one instead of an RSA key.
    """
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else _shared_key(key_bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(key_bits)
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now + timedelta(days=days))
    )
    made = builder.sign(key, hashes.SHA256())
    if sha1:
        der = made.public_bytes(serialization.Encoding.DER).replace(_WITH_SHA256, _WITH_SHA1)
        made = x509.load_der_x509_certificate(der)
    return made.public_bytes(serialization.Encoding.PEM).decode("ascii")


@lru_cache
def _shared_key(key_bits: int) -> rsa.RSAPrivateKey:
    """One key for all; the usual one is everywhere the same, so that certificates stay the same."""
    if key_bits != _USUAL_BITS:
        return rsa.generate_private_key(public_exponent=_EXPONENT, key_size=key_bits)
    p, q = (_prime(word, beyond) for word, beyond in _PRIMES)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    exponents = (d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    return rsa.RSAPrivateNumbers(p, q, *exponents, public).private_key()


def _prime(word: str, beyond: int) -> int:
    digits = hashlib.shake_256(f"simulated pools: {word}".encode()).digest(_USUAL_BITS // 16)
    return (int.from_bytes(digits, "big") | 3 << (_USUAL_BITS // 2 - 2) | 1) + beyond
