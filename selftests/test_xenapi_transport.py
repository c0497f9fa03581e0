import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from fixtures.secret import Secret
from fixtures.tls import Trust
from fixtures.xenapi_session import Login, open_session
from fixtures.xenapi_wire import XenApiUnreachableError
from selftests.xenapi_logins import LOGIN, PASSWORD, READ, login_to, refusal, sim
from simpool.data import SimError
from simpool.xenapi_encoding import response
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Drop, Endless, Hang, HttpReply, Usual


@pytest.fixture
def endpoint() -> Iterator[XenApiEndpoint]:
    with XenApiEndpoint(sim()) as served:
        yield served


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (HttpReply(b"<html>Unauthorized</html>", 401), "HTTP 401"),
        (HttpReply(b"<html>oops</html>", 500), "toolstack may be restarting"),
        (HttpReply(b"", 302, {"Location": "https://127.0.0.1:1/"}), "redirects are not followed"),
        (HttpReply(b"", 999), "HTTP 999"),
        (HttpReply(response({}), headers={"Content-Encoding": "gzip"}), "compressed"),
        (HttpReply(response({})[:-20]), "breaks off"),
        (HttpReply(response({})[:50], length=5000), "before its end"),
        (b"\0\xff garbage", "not XML"),
        (b"<html>hello</html>", "not XML-RPC"),
        (response({}).replace(b"Success", b"Fine"), "does not answer as a XenAPI does"),
        (response({}).replace(b"Value", b"Nothing"), "does not answer as a XenAPI does"),
        (SimError(()), "does not answer as a XenAPI does"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + response("x"), "document type"),
        (response(["not", "a", "reference"]), "no session"),
        (Drop(), "broke the connection"),
        (Hang(), "no complete answer within 0.3 s"),
        (HttpReply(b" " * 1000, pause=0.02), "no complete answer within 0.3 s"),
        (Endless(), "gave no complete answer|is larger than"),
    ],
)
def test_whatever_is_no_xenapi_ends_in_one_line(
    fault: Any, words: str, endpoint: XenApiEndpoint
) -> None:
    endpoint.faults[LOGIN] = fault
    seconds = 0.3 if "no complete answer" in words else 5.0
    text = refusal(login_to(endpoint, call_timeout=seconds))
    assert any(word in text for word in words.split("|"))


def test_answers_are_capped_in_bytes(
    endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(login_to(endpoint)) as session:
        monkeypatch.setattr(session._first.transport, "_max_bytes", 1_000_000)
        endpoint.faults[READ] = Endless()
        with pytest.raises(XenApiUnreachableError, match="larger than 1000000 bytes"):
            session.call(READ)
        del endpoint.faults[READ]
        assert session.call(READ)


@contextmanager
def raw_server(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A plain TCP server; the address to give, http on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                connection, _ = server.accept()
                with connection:
                    if not stopped.is_set():
                        behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stopped.set()
            socket.create_connection(server.getsockname()).close()
            thread.join()


def drip_headers(connection: socket.socket) -> None:
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(500):
            connection.sendall(b"X: y\r\n")
            time.sleep(0.01)
    except OSError:
        pass


def say_ssh(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9\r\n" * 10)
    connection.recv(65536)


def say_continue(connection: socket.socket) -> None:
    try:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    except OSError:
        pass


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (drip_headers, ("no complete answer", "not answer in HTTP")),
        (say_ssh, ("not answer in HTTP",)),
        (say_continue, ("no complete answer",)),
    ],
)
def test_other_services_are_recognised(
    behave: Callable[[socket.socket], None], words: tuple[str, ...]
) -> None:
    with raw_server(behave) as url:
        text = refusal(Login(url, "root", Secret(PASSWORD), Trust(), call_timeout=0.3))
    assert any(word in text for word in words)


def test_unknown_hosts_refused_ports_and_silence_are_told_apart() -> None:
    base = Login("host.invalid", "root", Secret(PASSWORD), Trust(), connect_timeout=0.3)
    assert refusal(base).startswith("host.invalid: no such host name")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "does not answer" in refusal(replace(base, address=f"127.0.0.1:{port}"))
    patient = replace(base, connect_timeout=5.0)
    assert f"refuses connections on port {port}" in refusal(
        replace(patient, address=f"127.0.0.1:{port}")
    )
    assert "no such host name" in refusal(replace(base, address="a" * 64 + ".example"))


def test_a_name_server_that_says_nothing_costs_the_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()

    def look_up(*_: object, **__: object) -> list[Any]:
        over.wait(60.0)
        return []

    monkeypatch.setattr("fixtures.xenapi_wire.socket.getaddrinfo", look_up)
    login = Login("pool.example", "root", Secret(PASSWORD), Trust(), connect_timeout=0.3)
    begin = time.monotonic()
    text = refusal(login)
    over.set()
    assert text == "pool.example: no such host name, or no name server that answers"
    assert time.monotonic() - begin < 30.0


def say_half_a_chunk(connection: socket.socket) -> None:
    received = b""
    while PASSWORD.encode() not in received:
        received += connection.recv(65536)
    connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"result')


def test_an_answer_in_pieces_that_lacks_its_end_is_told_as_such() -> None:
    with raw_server(say_half_a_chunk) as url:
        text = refusal(Login(url, "root", Secret(PASSWORD), Trust(), call_timeout=5.0))
    assert text.endswith("cannot be read: the connection was closed before its end")


def test_a_login_that_a_gateway_has_passed_on_is_not_repeated(endpoint: XenApiEndpoint) -> None:
    """It may have been a wrong password, and accounts lock."""
    endpoint.faults[LOGIN] = HttpReply(b"<html>too late</html>", 504)
    assert "HTTP 504" in refusal(login_to(endpoint, booting_patience=60.0))
    assert len(endpoint.bodies) == 1


def test_plain_http_is_for_loopback_only_and_uses_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with XenApiEndpoint(sim(), plain=True) as endpoint:
        login = Login(endpoint.url, "root", Secret(PASSWORD), Trust())
        with open_session(login) as session:
            assert session.call(READ)
            assert session.tls == []


def test_a_closed_idle_connection_is_reopened_for_reads(endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint)) as session:
        answers = chain([Drop(), Usual()], repeat(Drop()))
        endpoint.faults[READ] = lambda _params: next(answers)
        assert session.call(READ)
        assert (session.calls[READ], endpoint.calls[READ]) == (1, 2)
        with pytest.raises(XenApiUnreachableError, match="broke the connection"):
            session.call(READ)
    assert endpoint.sessions == {}
