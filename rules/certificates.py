"""What is wrong with the certificate that a host shows."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import Release
from rules.confidence import Objection, unsure
from rules.features import feature_objection


def read_certificate(answer: object) -> x509.Certificate:
    """The host's certificate out of PEM.

    Raises:
        NotVerifiedError: it is none.
    """
    try:
        return x509.load_pem_x509_certificate(str(answer).encode("utf-8"))
    except ValueError as error:
        raise NotVerifiedError("the host's certificate cannot be read") from error


def certificate_objections(
    shown: x509.Certificate, target: Release, change: datetime, days: int
) -> tuple[Objection, ...]:
    """What speaks against a certificate: key, signature, end.

    Args:
        shown: the certificate.
        target: the release to upgrade to.
        change: when the upgrade is done.
        days: for how long after it the certificate must still be valid.

    Raises:
        NotVerifiedError: nothing is said about keys of its kind, or about its signature.
    """
    found: list[Objection | None] = []
    key, least = shown.public_key(), target.certificate_bits
    if least.value and not isinstance(key, rsa.RSAPublicKey):
        raise NotVerifiedError(f"its key is not an RSA key, of which alone {target.name} speaks")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < least.value:
        words = f"a key of {key.key_size} bits, {target.name} asks for {least.value}"
        found.append(Objection(words, unsure(least)))
    elif not least.is_verified:
        raise NotVerifiedError(f"only an unverified source says which keys {target.name} accepts")
    if isinstance(shown.signature_hash_algorithm, hashes.SHA1):
        found.append(feature_objection(target, "certificate-sha1", "signed with SHA-1"))
    ends = shown.not_valid_after_utc
    if ends < change + timedelta(days=days):
        light = "" if ends < change else "it is still valid at the change"
        found.append(Objection(f"it ends on {ends.date()}", light))
    return tuple(one for one in found if one)
