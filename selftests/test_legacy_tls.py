"""Old TLS: spoken to a host that was named and pinned, explained for every other."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.exceptions import CannotAuditError
from fixtures.tls import Handshake, Pin, Trust, colons, parse_pin, secure
from fixtures.tls_legacy import certificate_strength, lowered_context
from selftests.old_servers import old_certificate, old_tls
from simpool.certificates import Identity, self_signed
from simpool.data import SimPool
from simpool.xenapi_endpoint import XenApiEndpoint

OTHER = Pin("0123456789abcdef" * 4)
NAMED = frozenset({"127.0.0.1"})


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XenApiEndpoint]:
    """XenServer 6.5: TLS 1.0, static RSA, 1024 bits signed with SHA-1."""
    identity = old_certificate(tmp_path_factory.mktemp("tls"))
    with endpoint(identity) as server:
        yield server


def endpoint(identity: Identity, version: str = "TLSv1") -> XenApiEndpoint:
    pool = SimPool("old", "6.5", {})
    return XenApiEndpoint(pool, identity=identity, tls=old_tls(identity, version))


def handshake(port: int, trust: Trust, host: str = "127.0.0.1") -> Handshake:
    wrapped, seen = secure(
        lambda: socket.create_connection(("127.0.0.1", port)),
        host,
        port,
        trust,
        given=True,
        deadline=time.monotonic() + 10,
    )
    wrapped.close()
    return seen


def refusal(port: int, trust: Trust, host: str = "127.0.0.1") -> str:
    with pytest.raises(CannotAuditError) as refused:
        handshake(port, trust, host)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def pinned(server: XenApiEndpoint, legacy: frozenset[str] = NAMED) -> Trust:
    return Trust(pins=(parse_pin(server.fingerprint),), legacy=legacy)


def test_a_host_that_was_named_and_pinned(old: XenApiEndpoint) -> None:
    seen = handshake(old.port, pinned(old))
    assert (seen.version, seen.trusted_by, seen.legacy) == ("TLSv1", "pin", True)
    assert seen.cipher in {"AES128-SHA", "AES256-SHA"}
    assert (seen.key_bits, seen.signature_hash) == (1024, "sha1")
    assert seen.fingerprint == old.fingerprint
    assert seen.as_json()["legacy"] is True


@pytest.mark.parametrize("legacy", [frozenset(), frozenset({"127.0.0.2", "old.example"})])
def test_a_host_that_was_not_named(old: XenApiEndpoint, legacy: frozenset[str]) -> None:
    before = len(old.bodies)
    said = refusal(old.port, pinned(old, legacy))
    assert said == (
        f"127.0.0.1:{old.port} offers nothing newer than TLS 1.1; nothing was sent. "
        "For a host as old as XenServer 6.5 add: --legacy=127.0.0.1"
    )
    assert len(old.bodies) == before


def test_a_host_that_was_neither_named_nor_pinned(old: XenApiEndpoint) -> None:
    said = refusal(old.port, Trust())
    pin = f"--tls-fingerprint=127.0.0.1:{old.port}={old.fingerprint}"
    assert said.endswith(
        f"add, once you have compared it with the pool's own: --legacy=127.0.0.1 {pin}"
    )
    assert f"Its SHA-256 fingerprint is {old.fingerprint}" in said


def test_a_name_alone_lowers_nothing(old: XenApiEndpoint, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(old._identity.certificate)
    for trust in (Trust(legacy=NAMED), Trust(bundle, legacy=NAMED)):
        said = refusal(old.port, trust)
        assert "its certificate is not pinned" in said
        assert said.endswith(f"own: --tls-fingerprint=127.0.0.1:{old.port}={old.fingerprint}")


@pytest.mark.parametrize("legacy", [frozenset(), NAMED])
def test_another_certificate_than_the_pinned(old: XenApiEndpoint, legacy: frozenset[str]) -> None:
    said = refusal(old.port, Trust(pins=(OTHER,), legacy=legacy))
    assert "its TLS certificate is not the pinned one; nothing was sent" in said
    assert old.fingerprint in said
    assert colons(OTHER.sha256) in said


def test_tls_1_1_counts_as_old(old: XenApiEndpoint) -> None:
    with endpoint(old._identity, "TLSv1_1") as server:
        assert handshake(server.port, pinned(server)).version == "TLSv1.1"
        assert "--legacy=localhost" in refusal(server.port, pinned(server), "localhost")


def test_what_is_modern_is_preferred_for_a_host_that_was_named() -> None:
    identity = self_signed()
    with XenApiEndpoint(SimPool("new", "8.2", {}), identity=identity) as server:
        seen = handshake(server.port, pinned(server))
    assert seen.version in {"TLSv1.2", "TLSv1.3"}
    assert seen.legacy is False
    assert (seen.key_bits, seen.signature_hash) == (2048, "sha256")


def test_1024_bits_and_sha1_over_tls_1_2_need_no_naming(old: XenApiEndpoint) -> None:
    """XenServer 7.0 to 7.6, installed as 6.5 once."""
    context = old._identity.server_context(
        ciphers="AES128-SHA256:@SECLEVEL=0", max_version="TLSv1_2"
    )
    pool = SimPool("old", "7.2", {})
    with XenApiEndpoint(pool, identity=old._identity, tls=context) as server:
        seen = handshake(server.port, pinned(server, frozenset()))
    assert (seen.version, seen.cipher) == ("TLSv1.2", "AES128-SHA256")
    assert (seen.legacy, seen.key_bits, seen.signature_hash) == (False, 1024, "sha1")


def test_a_server_that_hangs_up_on_modern_clients(old: XenApiEndpoint) -> None:
    """What is tried second reaches it, if it was named; else nothing is tried a second time."""
    with impatient(old) as (port, seen):
        assert handshake(port, pinned(old)).version == "TLSv1"
        assert len(seen) == 2
    with impatient(old) as (port, seen):
        with pytest.raises((CannotAuditError, ConnectionError)):
            handshake(port, pinned(old, frozenset()))
        assert len(seen) == 1


@contextmanager
def impatient(old: XenApiEndpoint) -> Iterator[tuple[int, list[int]]]:
    """A server that drops the first connection, and is the old one from then on."""
    context, seen = old_tls(old._identity), list[int]()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                seen.append(1)
                with plain:
                    if len(seen) > 1:
                        try:
                            context.wrap_socket(plain, server_side=True).close()
                        except OSError:
                            return
                    else:
                        plain.recv(65_536)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], seen
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


def test_a_lowered_context_offers_nothing_worse_than_it_must() -> None:
    context = lowered_context()
    names = {cipher["name"] for cipher in context.get_ciphers()}
    assert {"AES128-SHA", "AES256-SHA"} <= names
    assert not [name for name in names if any(w in name for w in ("RC4", "DES", "NULL", "ADH"))]
    assert not [name for name in names if name.startswith("DHE-")]
    assert context.options & ssl.OP_NO_SSLv3


@pytest.mark.parametrize("der", [b"", b"\x00" * 40, b"0\x82" + b"\xff" * 300])
def test_a_certificate_that_is_none_has_no_strength(der: bytes) -> None:
    assert certificate_strength(der) == (None, "")
