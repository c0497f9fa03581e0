import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.addresses import parse_address
from fixtures.exceptions import CannotAuditError, UsageProblemError
from fixtures.tls import Handshake, Pin, Trust, colons, parse_pin, secure
from simpool.certificates import Identity, self_signed, signed_by
from simpool.data import SimPool
from simpool.xenapi_endpoint import XenApiEndpoint

DIGITS = "0123456789abcdef" * 4
PAIRS = colons(DIGITS)


def endpoint(identity: Identity, **tls: str) -> XenApiEndpoint:
    context = identity.server_context(**tls)
    return XenApiEndpoint(SimPool("tls", "7.2", {}), identity=identity, tls=context)


def handshake(
    port: int, trust: Trust, host: str = "127.0.0.1", *, given: bool = True, seconds: float = 5.0
) -> Handshake:
    wrapped, seen = secure(
        lambda: socket.create_connection(("127.0.0.1", port)),
        host,
        port,
        trust,
        given=given,
        deadline=time.monotonic() + seconds,
    )
    wrapped.close()
    return seen


@pytest.fixture(scope="module")
def pool_identity() -> Identity:
    return self_signed()


@pytest.fixture(scope="module")
def old_identity() -> Identity:
    return self_signed("old.example", (), key_bits=1024)


@pytest.fixture(scope="module")
def authority() -> Identity:
    return self_signed("Site CA", (), authority=True)


@pytest.fixture
def bundle(authority: Identity, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.certificate)
    return path


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        (DIGITS, Pin(DIGITS)),
        (DIGITS.upper(), Pin(DIGITS)),
        (PAIRS, Pin(DIGITS)),
        (f"SHA256:{PAIRS}", Pin(DIGITS)),
        (f" sha256:{DIGITS} ", Pin(DIGITS)),
        (f"Pool.Example.={PAIRS}", Pin(DIGITS, "pool.example")),
        (f"10.0.0.1:8443={DIGITS}", Pin(DIGITS, "10.0.0.1", 8443)),
        (f"FD00:0::1={PAIRS}", Pin(DIGITS, "fd00::1")),
        (f"[fd00::1]:8443={PAIRS}", Pin(DIGITS, "fd00::1", 8443)),
    ],
)
def test_pins_are_read_in_every_usual_spelling(text: str, pin: Pin) -> None:
    assert parse_pin(text) == pin


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", DIGITS[:-1], DIGITS + "0", DIGITS[:-1] + "g", f"={DIGITS}", f"MD5:{DIGITS}"),
        *(PAIRS[:-3], PAIRS.replace(":", "", 1), f"two words={DIGITS}", f"host:0={DIGITS}"),
        *(f"ho\nst={DIGITS}", f"sha256 Fingerprint={PAIRS}", DIGITS.replace("0", "٠")),
    ],
)
def test_malformed_pins_are_refused(text: str) -> None:
    with pytest.raises(UsageProblemError, match="--tls-fingerprint"):
        parse_pin(text)


def test_a_pin_without_host_counts_only_for_the_address_that_was_given() -> None:
    trust = Trust(pins=(Pin("aa"), Pin("bb", "host"), Pin("cc", "host", 8443)))
    assert trust.pinned("HOST", 443, given=True) == {"aa", "bb"}
    assert trust.pinned("host.", 8443, given=False) == {"bb", "cc"}
    assert trust.pinned("other", 443, given=False) == frozenset()


def test_the_pinned_certificate_is_accepted(pool_identity: Identity) -> None:
    with endpoint(pool_identity) as server:
        seen = handshake(server.port, Trust(pins=(parse_pin(server.fingerprint),)), "any.example")
    assert seen.fingerprint == pool_identity.fingerprint
    assert seen.trusted_by == "pin"
    assert seen.version in {"TLSv1.2", "TLSv1.3"}
    assert seen.as_json()["cipher"]


def test_an_unknown_certificate_is_refused_with_the_line_that_pins_it(
    pool_identity: Identity,
) -> None:
    with endpoint(pool_identity) as server:
        with pytest.raises(CannotAuditError) as refused:
            handshake(server.port, Trust(), "localhost")
        line = f"--tls-fingerprint=localhost:{server.port}={server.fingerprint}"
        assert line in str(refused.value)
        assert "self-signed certificate" in str(refused.value)
        assert "\n" not in str(refused.value)
        pin = parse_pin(line.removeprefix("--tls-fingerprint="))
        assert handshake(server.port, Trust(pins=(pin,)), "localhost").trusted_by == "pin"
        assert server.bodies == []


def test_another_certificate_than_the_pinned_is_refused_even_if_a_ca_signed_it(
    authority: Identity, bundle: Path
) -> None:
    with endpoint(signed_by(authority)) as server:
        with pytest.raises(CannotAuditError, match="not the pinned one") as refused:
            handshake(server.port, Trust(bundle, (Pin(DIGITS, "127.0.0.1"),)))
        assert PAIRS in str(refused.value)
        assert server.fingerprint in str(refused.value)
        assert server.bodies == []


def test_the_ca_bundle_decides_where_nothing_is_pinned(authority: Identity, bundle: Path) -> None:
    with endpoint(signed_by(authority)) as server:
        pins = (Pin(DIGITS, "other.example"),)
        assert handshake(server.port, Trust(bundle, pins)).trusted_by == "ca-bundle"
        assert handshake(server.port, Trust(bundle, pins), "localhost")
        with pytest.raises(CannotAuditError, match="Hostname mismatch"):
            handshake(server.port, Trust(bundle), "pool.example")


def test_expired_certificates_are_refused(authority: Identity, bundle: Path) -> None:
    with (
        endpoint(signed_by(authority, days=-30)) as server,
        pytest.raises(CannotAuditError, match="expired"),
    ):
        handshake(server.port, Trust(bundle))


def test_a_self_signed_certificate_may_be_its_own_bundle(
    pool_identity: Identity, tmp_path: Path
) -> None:
    path = tmp_path / "pool.pem"
    path.write_bytes(pool_identity.certificate)
    with endpoint(pool_identity) as server:
        assert handshake(server.port, Trust(path), "localhost").trusted_by == "ca-bundle"


def test_static_rsa_key_exchange_of_xenserver_7_is_spoken(
    pool_identity: Identity, tmp_path: Path
) -> None:
    path = tmp_path / "pool.pem"
    path.write_bytes(pool_identity.certificate)
    with endpoint(pool_identity, ciphers="AES128-SHA256", max_version="TLSv1_2") as server:
        python = ssl.create_default_context(cafile=str(path))
        # Some distributions build a Python whose own list of ciphers is wider.
        if "AES128-SHA256" not in {cipher["name"] for cipher in python.get_ciphers()}:
            with (
                socket.create_connection(("127.0.0.1", server.port)) as plain,
                pytest.raises(ssl.SSLError),
            ):
                python.wrap_socket(plain, server_hostname="localhost")
        for trust in (Trust(path), Trust(pins=(parse_pin(server.fingerprint),))):
            seen = handshake(server.port, trust, "localhost")
            assert (seen.version, seen.cipher) == ("TLSv1.2", "AES128-SHA256")


def test_a_1024_bit_certificate_can_be_pinned_but_not_verified(
    old_identity: Identity, tmp_path: Path
) -> None:
    path = tmp_path / "old.pem"
    path.write_bytes(old_identity.certificate)
    weak = "AES128-SHA256:@SECLEVEL=0"
    with endpoint(old_identity, ciphers=weak, max_version="TLSv1_2") as server:
        assert handshake(server.port, Trust(pins=(parse_pin(server.fingerprint),)))
        with pytest.raises(CannotAuditError, match="too weak") as refused:
            handshake(server.port, Trust(path), "old.example")
        assert server.fingerprint in str(refused.value)


def test_tls_1_1_is_not_spoken(pool_identity: Identity) -> None:
    tls = {"ciphers": "DEFAULT:@SECLEVEL=0", "max_version": "TLSv1_1"}
    with pytest.warns(DeprecationWarning, match="TLS"):
        server = endpoint(pool_identity, **tls)
    with server, pytest.raises(CannotAuditError, match=r"nothing newer than TLS 1\.1"):
        handshake(server.port, Trust(pins=(parse_pin(server.fingerprint),)))


def test_a_port_without_tls_is_named_as_such() -> None:
    with (
        XenApiEndpoint(SimPool("plain", "7.2", {}), plain=True) as server,
        pytest.raises(CannotAuditError, match=r"does not speak TLS|no TLS connection"),
    ):
        handshake(server.port, Trust())


def test_a_silent_peer_costs_the_deadline_only() -> None:
    with silent() as port, pytest.raises(TimeoutError):
        handshake(port, Trust(), seconds=0.2)


def test_a_peer_that_hangs_up_is_refused_in_words() -> None:
    with hanging_up() as port, pytest.raises((CannotAuditError, ConnectionError)):
        handshake(port, Trust())


def test_session_keys_are_never_logged(
    pool_identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    with endpoint(pool_identity) as server:
        handshake(server.port, Trust(pins=(parse_pin(server.fingerprint),)))
    assert not log.exists()


@pytest.mark.parametrize("content", [None, "", "no certificate", "\0"])
def test_an_unusable_ca_bundle_is_a_usage_problem(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with (
        XenApiEndpoint(SimPool("tls", "7.2", {})) as server,
        pytest.raises(UsageProblemError, match="CA bundle"),
    ):
        handshake(server.port, Trust(path))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("pool.example", "https://pool.example:443"),
        (" 10.0.0.1 ", "https://10.0.0.1:443"),
        ("pool.example:8443", "https://pool.example:8443"),
        ("fd00::1", "https://[fd00::1]:443"),
        ("[fd00::1]", "https://[fd00::1]:443"),
        ("[fd00::1]:8443", "https://[fd00::1]:8443"),
        ("https://pool.example", "https://pool.example:443"),
        ("HTTPS://pool.example:8443/", "https://pool.example:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost:80"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_addresses_are_read_in_every_usual_spelling(text: str, url: str) -> None:
    address = parse_address(text)
    assert f"{address.scheme}://{address.authority}" == url


@pytest.mark.parametrize(
    "text",
    [
        *("", "a b", "host/path", "https://", "https://host/path", "https://host?x", "ftp://host"),
        *("http://pool.example", "http://10.0.0.1", "http://127.0.0.1.example", "host:", "host:0"),
        *("host:65536", "host:x", "[fd00::1", "[host]:1", "a:b:c", "host\nx", "https://ho\0st"),
        *("host#x", "https://[x", "http://127.0.0.1\\@evil"),
    ],
)
def test_what_is_no_address_is_a_usage_problem(text: str) -> None:
    with pytest.raises(UsageProblemError):
        parse_address(text)


@pytest.mark.parametrize("text", ["https://root:hunter22@host", "root:hunter22@host"])
def test_a_password_in_an_address_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageProblemError) as refused:
        parse_address(text)
    assert "hunter22" not in str(refused.value)


@contextmanager
def silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def hanging_up() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                server.accept()[0].close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.close()
