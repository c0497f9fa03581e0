"""SSH signatures of files, checked without OpenSSH: the format that `ssh-keygen -Y sign` writes.

Source: PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH. The mathematics is that of `cryptography`.
"""

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

MOST_BYTES: Final = 64 << 10
_MAGIC: Final = b"SSHSIG"
_ARMOUR: Final = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END SSH SIGNATURE-----\s*"
)
_DIGESTS: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_RSA_HASHES: Final = {b"rsa-sha2-256": hashes.SHA256, b"rsa-sha2-512": hashes.SHA512}
_LEAST_RSA_BITS: Final = 2048
_MOST_RSA_BITS: Final = 16384
_CURVES: Final[dict[bytes, tuple[ec.EllipticCurve, hashes.HashAlgorithm]]] = {
    b"ecdsa-sha2-nistp256": (ec.SECP256R1(), hashes.SHA256()),
    b"ecdsa-sha2-nistp384": (ec.SECP384R1(), hashes.SHA384()),
    b"ecdsa-sha2-nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
_UNCOMPRESSED: Final = b"\x04"
_TOUCHED: Final = 0x01


class SignatureProblemError(ValueError):
    """A signature that proves nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, taken apart and not yet checked.

    Attributes:
        key: the public key that is said to have made it, as OpenSSH writes it on the wire.
        namespace: what it was made for.
        hash_name: of the message: sha256 or sha512.
        algorithm: for example ssh-ed25519, rsa-sha2-512.
        blob: the signature itself, with the flags and the counter of a FIDO key behind it.
    """

    key: bytes
    namespace: str
    hash_name: bytes
    algorithm: bytes
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """Of the key, as `ssh-keygen -l` prints it."""
        return fingerprint(self.key)


def fingerprint(key: bytes) -> str:
    """The SHA-256 fingerprint of a public key on the wire: `SHA256:` and base64 without padding."""
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode("ascii")
    return "SHA256:" + digest.rstrip("=")


def parse(armoured: bytes) -> Signature:
    """Take a signature file apart.

    Raises:
        SignatureProblemError: it is not a signature of this format.
    """
    match = _ARMOUR.fullmatch(armoured) if len(armoured) <= MOST_BYTES else None
    if match is None:
        raise SignatureProblemError("it is not an SSH signature file")
    try:
        data = base64.b64decode(b"".join(match[1].split()), validate=True)
        if not data.startswith(_MAGIC) or struct.unpack_from(">I", data, 6) != (1,):
            raise SignatureProblemError("it is not an SSH signature of version 1")
        key, namespace, reserved, hash_name, signature, rest = _strings(data[10:], 5)
        algorithm, blob = _strings(signature, 1)
        name = namespace.decode("utf-8")
    except (binascii.Error, struct.error, UnicodeDecodeError):
        raise SignatureProblemError("it is a damaged SSH signature") from None
    if rest:
        raise SignatureProblemError("it has bytes behind its end")
    if reserved:
        raise SignatureProblemError("it fills what the format reserves for later")
    return Signature(key, name, hash_name, algorithm, blob)


def check(signature: Signature, message: bytes) -> None:
    """Check that the signature's key signed this message for the signature's namespace.

    Whose key it is, and whether the namespace is the wanted one, is for the caller to decide.

    Raises:
        SignatureProblemError: it did not, or with something that nobody should rely on.
    """
    if signature.hash_name not in _DIGESTS:
        raise SignatureProblemError(f"it uses the hash {signature.hash_name!r}")
    signed = _MAGIC + b"".join(
        struct.pack(">I", len(part)) + part
        for part in (
            signature.namespace.encode(),
            b"",  # reserved
            signature.hash_name,
            _DIGESTS[signature.hash_name](message).digest(),
        )
    )
    try:
        _verify(signature, signed)
    except (struct.error, ValueError, UnsupportedAlgorithm) as error:
        if isinstance(error, SignatureProblemError):
            raise
        raise SignatureProblemError("it is a damaged SSH signature") from None
    except InvalidSignature:
        raise SignatureProblemError("it was not made over these bytes by this key") from None


def _verify(signature: Signature, signed: bytes) -> None:
    kind, rest = _strings(signature.key, 1)
    expected = _RSA_HASHES if kind == b"ssh-rsa" else (kind,)
    if signature.algorithm not in expected:
        raise SignatureProblemError(
            f"a key of type {_name(kind)} cannot make a signature of type"
            f" {_name(signature.algorithm)} that counts"
        )
    if kind == b"ssh-rsa":
        _verify_rsa(signature, rest, signed)
    elif kind == b"ssh-ed25519":
        value, blob = _only(_strings(rest, 1)), _only(_strings(signature.blob, 1))
        ed25519.Ed25519PublicKey.from_public_bytes(value).verify(blob, signed)
    elif kind in _CURVES:
        curve, point, end = _strings(rest, 2)
        _only((curve, end))
        _verify_ecdsa(kind, curve, point, _only(_strings(signature.blob, 1)), signed)
    elif kind == b"sk-ssh-ed25519@openssh.com":
        value, application = _strings(rest, 1)
        blob, signed = _from_device(signature.blob, _only(_strings(application, 1)), signed)
        ed25519.Ed25519PublicKey.from_public_bytes(value).verify(blob, signed)
    elif kind == b"sk-ecdsa-sha2-nistp256@openssh.com":
        curve, point, application = _strings(rest, 2)
        blob, signed = _from_device(signature.blob, _only(_strings(application, 1)), signed)
        _verify_ecdsa(b"ecdsa-sha2-nistp256", curve, point, blob, signed)
    else:
        raise SignatureProblemError(f"keys of type {_name(kind)} are not supported")


def _verify_rsa(signature: Signature, rest: bytes, signed: bytes) -> None:
    exponent, modulus, end = _strings(rest, 2)
    _only((modulus, end))
    numbers = rsa.RSAPublicNumbers(_number(exponent), _number(modulus))
    if numbers.n.bit_length() < _LEAST_RSA_BITS:
        raise SignatureProblemError(f"its RSA key has less than {_LEAST_RSA_BITS} bits")
    if numbers.n.bit_length() > _MOST_RSA_BITS:
        raise SignatureProblemError(f"its RSA key has more than {_MOST_RSA_BITS} bits")
    algorithm = _RSA_HASHES[signature.algorithm]()
    blob = _only(_strings(signature.blob, 1))
    numbers.public_key().verify(blob, signed, padding.PKCS1v15(), algorithm)


def _verify_ecdsa(name: bytes, curve: bytes, point: bytes, blob: bytes, signed: bytes) -> None:
    if curve != name.removeprefix(b"ecdsa-sha2-") or not point.startswith(_UNCOMPRESSED):
        raise SignatureProblemError(f"its key is not a point on the curve of {_name(name)}")
    kind, algorithm = _CURVES[name]
    first, second, end = _strings(blob, 2)
    _only((second, end))
    der = encode_dss_signature(_number(first), _number(second))
    key = ec.EllipticCurvePublicKey.from_encoded_point(kind, point)
    key.verify(der, signed, ec.ECDSA(algorithm))


def _from_device(blob: bytes, application: bytes, signed: bytes) -> tuple[bytes, bytes]:
    """Signature and signed bytes of a FIDO key, which signs flags and counter along."""
    inner, tail = _strings(blob, 1)
    flags, _counter = struct.unpack(">BI", tail)
    if not flags & _TOUCHED:
        raise SignatureProblemError("nobody touched the FIDO key when it was made")
    digests = hashlib.sha256(application).digest(), hashlib.sha256(signed).digest()
    return inner, digests[0] + tail + digests[1]


def _strings(data: bytes, number: int) -> list[bytes]:
    """So many length-prefixed strings from the front, and then what is left.

    Raises:
        struct.error: there are fewer.
    """
    found = []
    for _ in range(number):
        (size,) = struct.unpack_from(">I", data)
        if len(data) < 4 + size:
            raise struct.error("a string ends early")
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return [*found, data]


def _only(found: list[bytes] | tuple[bytes, ...]) -> bytes:
    """The one string of `_strings`, with nothing behind it."""
    value, rest = found
    if rest:
        raise struct.error("bytes behind the end")
    return value


def _number(raw: bytes) -> int:
    """A number on the wire, where a leading one bit means a negative one."""
    number = int.from_bytes(raw, signed=True)
    if number < 0:
        raise ValueError("a negative number")
    return number


def _name(raw: bytes) -> str:
    return raw.decode("ascii", "backslashreplace")
