"""Our verifier against OpenSSH's own: what one accepts the other accepts, what is altered neither."""

import base64
import hashlib
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.sshsig import Signature, SignatureProblemError, check, fingerprint, parse

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing")

MESSAGE = b"approved\n"
SPACE = "ours@example.org"


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def mpint(number: int) -> bytes:
    return string(number.to_bytes(number.bit_length() // 8 + 1))


def armour(key: bytes, algorithm: bytes, blob: bytes, reserved: bytes = b"") -> bytes:
    body = b"".join(
        map(string, (key, SPACE.encode(), reserved, b"sha512", string(algorithm) + blob))
    )
    text = base64.encodebytes(b"SSHSIG" + struct.pack(">I", 1) + body)
    return b"-----BEGIN SSH SIGNATURE-----\n" + text + b"-----END SSH SIGNATURE-----\n"


def signed_bytes(reserved: bytes = b"") -> bytes:
    parts = (SPACE.encode(), reserved, b"sha512", hashlib.sha512(MESSAGE).digest())
    return b"SSHSIG" + b"".join(map(string, parts))


def stock_accepts(folder: Path, armoured: bytes, key: bytes) -> bool:
    """What `ssh-keygen -Y verify` says."""
    kind = key[4 : 4 + int.from_bytes(key[:4])].decode()
    line = f"alice {kind} {base64.b64encode(key).decode()}\n"
    (folder / "allowed").write_text(line)
    (folder / "sig").write_bytes(armoured)
    files = {"-f": str(folder / "allowed"), "-s": str(folder / "sig")}
    words = ["ssh-keygen", "-Y", "verify", "-I", "alice", "-n", SPACE, *sum(files.items(), ())]
    done = subprocess.run(words, input=MESSAGE, capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture(scope="module")
def keygen(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[bytes, bytes]]:
    folder = tmp_path_factory.mktemp("keys")

    def make(*kind: str) -> tuple[bytes, bytes]:
        path = folder / "-".join(kind)
        words = ["ssh-keygen", "-q", "-N", "", "-t", *kind, "-f", str(path)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", SPACE, "-f", path],
            input=MESSAGE,
            capture_output=True,
            check=True,
        )
        return done.stdout, base64.b64decode(path.with_suffix(".pub").read_text().split()[1])

    return make


@pytest.mark.parametrize(
    "kind",
    [
        ("ed25519",),
        ("ecdsa", "-b", "256"),
        ("ecdsa", "-b", "384"),
        ("ecdsa", "-b", "521"),
        ("rsa", "-b", "3072"),
    ],
)
def test_signatures_of_openssh(
    tmp_path: Path, keygen: Callable[..., tuple[bytes, bytes]], kind: tuple[str, ...]
) -> None:
    armoured, key = keygen(*kind)
    signature = parse(armoured)
    check(signature, MESSAGE)
    assert (signature.key, signature.namespace) == (key, SPACE)
    assert stock_accepts(tmp_path, armoured, key)
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", "-"],
        input=f"{signature.algorithm.decode()} {base64.b64encode(key).decode()}".encode()
        if kind[0] != "rsa"
        else b"ssh-rsa " + base64.b64encode(key),
        capture_output=True,
        check=True,
    )
    assert fingerprint(key) in listed.stdout.decode()
    with pytest.raises(SignatureProblemError, match="not made over these bytes"):
        check(signature, MESSAGE + b"x")


def test_a_short_rsa_key_is_refused(keygen: Callable[..., tuple[bytes, bytes]]) -> None:
    armoured, _ = keygen("rsa", "-b", "1024")
    with pytest.raises(SignatureProblemError, match="less than 2048 bits"):
        check(parse(armoured), MESSAGE)


def device(flags: int) -> tuple[bytes, bytes]:
    """An ed25519 key as a FIDO device holds it: flags and counter are signed along."""
    private = ed25519.Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    kind = b"sk-ssh-ed25519@openssh.com"
    key = string(kind) + string(public) + string(b"ssh:")
    tail = struct.pack(">BI", flags, 7)
    inner = hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(signed_bytes()).digest()
    return armour(key, kind, string(private.sign(inner)) + tail), key


def test_a_fido_key(tmp_path: Path) -> None:
    armoured, key = device(flags=1)
    check(parse(armoured), MESSAGE)
    assert stock_accepts(tmp_path, armoured, key)
    with pytest.raises(SignatureProblemError, match="not made over these bytes"):
        check(parse(armoured), b"other")


def test_a_fido_key_that_nobody_touched() -> None:
    with pytest.raises(SignatureProblemError, match="nobody touched"):
        check(parse(device(flags=0)[0]), MESSAGE)


def test_a_fido_key_on_a_curve(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    kind = b"sk-ecdsa-sha2-nistp256@openssh.com"
    key = b"".join(map(string, (kind, b"nistp256", point, b"ssh:")))
    tail = struct.pack(">BI", 5, 1)
    inner = hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(signed_bytes()).digest()
    pair = decode_dss_signature(private.sign(inner, ec.ECDSA(hashes.SHA256())))
    blob = string(b"".join(map(mpint, pair))) + tail
    armoured = armour(key, kind, blob)
    check(parse(armoured), MESSAGE)
    assert stock_accepts(tmp_path, armoured, key)


def on_a_curve(
    kind: bytes = b"ecdsa-sha2-nistp256",
    curve: bytes = b"nistp256",
    form: PublicFormat = PublicFormat.UncompressedPoint,
    write: Callable[[int], bytes] = mpint,
    reserved: bytes = b"",
) -> tuple[bytes, bytes]:
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, form)
    key = b"".join(map(string, (kind, curve, point)))
    while True:
        pair = decode_dss_signature(private.sign(signed_bytes(reserved), ec.ECDSA(hashes.SHA256())))
        # Both begin with a one bit: without a zero byte before it they are negative.
        if all(number >> 255 for number in pair):
            return armour(key, kind, string(b"".join(map(write, pair))), reserved), key


def test_a_key_on_a_curve(tmp_path: Path) -> None:
    armoured, key = on_a_curve()
    check(parse(armoured), MESSAGE)
    assert stock_accepts(tmp_path, armoured, key)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"write": lambda number: string(number.to_bytes(32))}, "damaged"),
        ({"form": PublicFormat.CompressedPoint}, "not a point on the curve"),
        ({"curve": b"nistp384"}, "not a point on the curve"),
        ({"kind": b"ecdsa-sha2-nistp384"}, "not a point on the curve"),
        ({"kind": b"ecdsa-sha2-other"}, "not supported"),
        ({"reserved": b"x"}, "reserves"),
    ],
)
def test_what_openssh_refuses_is_refused(
    tmp_path: Path, more: dict[str, Any], problem: str
) -> None:
    armoured, key = on_a_curve(**more)
    assert not stock_accepts(tmp_path, armoured, key)
    with pytest.raises(SignatureProblemError, match=problem):
        check(parse(armoured), MESSAGE)


def test_what_stands_before_a_signature(tmp_path: Path) -> None:
    armoured, key = on_a_curve()
    assert not stock_accepts(tmp_path, b"\n" + armoured, key)
    with pytest.raises(SignatureProblemError, match="not an SSH signature file"):
        parse(b"\n" + armoured)


def test_an_endless_rsa_key_costs_nothing() -> None:
    key = b"".join(map(string, (b"ssh-rsa", b"\1\0\1", b"\x7f" * 3000)))
    with pytest.raises(SignatureProblemError, match="more than 16384 bits"):
        check(parse(armour(key, b"rsa-sha2-512", string(b"x" * 3000))), MESSAGE)


@pytest.mark.parametrize(
    ("kind", "algorithm", "problem"),
    [
        (b"ssh-rsa", b"ssh-rsa", "cannot make a signature of type ssh-rsa"),
        (b"ssh-ed25519", b"rsa-sha2-512", "cannot make a signature"),
        (b"ssh-dss", b"ssh-dss", "keys of type ssh-dss are not supported"),
        (b"ssh-ed25519-cert-v01@openssh.com", b"ssh-ed25519", "cannot make a signature"),
        (b"\xff", b"\xff", "not supported"),
    ],
)
def test_what_nobody_should_rely_on(kind: bytes, algorithm: bytes, problem: str) -> None:
    armoured = armour(string(kind) + string(b"x" * 32), algorithm, string(b"y" * 64))
    with pytest.raises(SignatureProblemError, match=problem):
        check(parse(armoured), MESSAGE)


def test_an_unknown_hash(keygen: Callable[..., tuple[bytes, bytes]]) -> None:
    signature = parse(device(flags=1)[0])
    other = Signature(
        signature.key,
        signature.namespace,
        b"md5",
        signature.algorithm,
        signature.blob,
    )
    with pytest.raises(SignatureProblemError, match="hash"):
        check(other, MESSAGE)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_one_changed_byte_is_never_accepted(data: st.DataObject) -> None:
    raw = bytearray(base64.b64decode(b"".join(_FIXED.splitlines()[1:-1])))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    text = base64.encodebytes(bytes(raw))
    with pytest.raises(SignatureProblemError):
        signature = parse(
            b"-----BEGIN SSH SIGNATURE-----\n" + text + b"-----END SSH SIGNATURE-----\n"
        )
        check(signature, MESSAGE)


@given(st.binary(max_size=200))
def test_anything_else_is_refused_in_words(data: bytes) -> None:
    text = base64.encodebytes(b"SSHSIG\0\0\0\1" + data)
    for armoured in (data, b"-----BEGIN SSH SIGNATURE-----\n%b-----END SSH SIGNATURE-----" % text):
        with pytest.raises(SignatureProblemError):
            check(parse(armoured), MESSAGE)


_FIXED = device(flags=1)[0]
