"""A threaded HTTP(S) server on loopback for a XenAPI, which can also misbehave on purpose."""

import contextlib
import json
import re
import socket
import socketserver
import ssl
import threading
import xmlrpc.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simpool.xenapi_encoding import json_response, response

_MAX_REQUEST = 300 * 1024  # xapi's own limit (xapi, ocaml/libs/http-lib)
_PATHS = frozenset({"/", "/RPC2"})
_JSON_PATH = "/jsonrpc"
_IDLE_SECONDS = 60.0


class _NoRequestError(Exception):
    """What arrived is no call."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A fault: this HTTP answer. `pause` is in seconds before each byte of the body.

    `length` is the Content-Length announced, the true one if not given.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    pause: float = 0.0


class Hang:
    """A fault: the request is taken and never answered."""


class Drop:
    """A fault: the connection is closed instead of answering."""


class Endless:
    """A fault: an answer without an end."""


class Usual:
    """What a fault that is a function returns to have the usual answer given."""


@dataclass(frozen=True, slots=True)
class Altered:
    """A fault: an answer whose body is altered after it was encoded, in whichever protocol.

    Attributes:
        change: takes the body and returns what is sent instead.
        answer: what is encoded, the usual answer if not given.
        pause: in seconds before each byte.
        length: the Content-Length announced, the true one if not given.
    """

    change: Callable[[bytes], bytes] = bytes  # as it is
    answer: Any = field(default_factory=Usual)
    pause: float = 0.0
    length: int | None = None


# A value, SimError, bytes (an HTTP body), HttpReply, Hang(), Drop(), Endless(), Altered(), or a
# function of the call's parameters to one of them.
Reply = Any


class XenApiServer(ThreadingHTTPServer):
    """Serves until `stop`.

    Args:
        answer: method and parameters to a value, `SimError` or fault.
        fetch: path and cookie of a GET to `HttpReply` or fault.
        bodies: every request body is appended to it.
        spoken: the version of JSON-RPC that is spoken, `1.0` or `2.0`; or what is answered to it
            where it is not.
        tls: the TLS context, None for http.
        bind: address and port to listen on; port 0 takes any that is free.

    Attributes:
        accepted: how many connections came in.
        stopping: set once the server is to end; whatever waits, waits on it.
    """

    daemon_threads = False

    def __init__(
        self,
        answer: Callable[[str, list[Any]], Any],
        fetch: Callable[[str, str], Any],
        bodies: list[bytes],
        spoken: Callable[[], "str | HttpReply"],
        tls: ssl.SSLContext | None,
        bind: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        super().__init__(bind, _Handler)
        self.answer = answer
        self.fetch = fetch
        self.bodies = bodies
        self.spoken = spoken
        self.accepted = 0
        self.stopping = threading.Event()
        self._tls = tls
        self._open: set[socket.socket] = set()

    def stop(self) -> None:
        """End `serve_forever` and every connection, and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                # Not SSLSocket's own, which pulls the TLS state away from the reading thread.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self.server_close()

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name."""
        socketserver.TCPServer.server_bind(self)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread: a slow client keeps no other waiting."""
        self.accepted += 1
        self._open.add(request)
        secured = request
        try:
            if self.stopping.is_set():
                return
            if self._tls is not None:
                request.settimeout(_IDLE_SECONDS)
                secured = self._tls.wrap_socket(request, server_side=True)
                self._open.add(secured)
            secured.settimeout(_IDLE_SECONDS)
            self.finish_request(secured, client_address)
        except OSError:
            pass  # the client went away or did not trust the certificate
        finally:
            self._open -= {request, secured}
            self.shutdown_request(secured)
            request.close()


class _Handler(BaseHTTPRequestHandler):
    server: XenApiServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: tests read what was asked from the endpoint."""

    def do_GET(self) -> None:
        """Answer one GET and close the connection, as xapi does after a document."""
        self.close_connection = True
        self._give(self.server.fetch(self.path, self.headers.get("Cookie", "")))

    def do_POST(self) -> None:
        """Answer one request, of XML-RPC or of JSON-RPC."""
        length = int(self.headers.get("Content-Length") or 0)
        known = self.path in _PATHS or self.path == _JSON_PATH
        if not known or length > _MAX_REQUEST:
            self.close_connection = True  # its body is still to come
            self._reply(HttpReply(b"<html>not here</html>", 413 if length > _MAX_REQUEST else 404))
            return
        body = self.rfile.read(length)
        self.server.bodies.append(body)
        try:
            if self.path == _JSON_PATH:
                self._answer_json(body)
            else:
                self._answer_xml(body)
        except _NoRequestError:
            self._reply(HttpReply(b"<html>no request</html>", 400))

    def _answer_xml(self, body: bytes) -> None:
        try:
            if b"<!" in body:  # no request needs a document type
                raise _NoRequestError
            params, method = xmlrpc.client.loads(body)
        except Exception:  # whatever a client may send
            raise _NoRequestError from None
        told = [str(one) if isinstance(one, xmlrpc.client.DateTime) else one for one in params]
        self._give(self.server.answer(method or "", told), response)

    def _answer_json(self, body: bytes) -> None:
        spoken = self.server.spoken()
        if isinstance(spoken, HttpReply):
            self._reply(spoken)
            return
        if spoken == "1.0":  # its parser leaves such escapes as they are
            body = re.sub(rb"\\(.)", lambda e: rb"\\u" if e[1] == b"u" else e[0], body)
        try:
            call = json.loads(body)
            method, params, call_id = call["method"], list(call["params"]), call["id"]
        except (ValueError, TypeError, LookupError):
            raise _NoRequestError from None
        # xapi answers as it is asked, where it knows both versions.
        version = spoken if "jsonrpc" in call else "1.0"
        encode = partial(json_response, version=version, call_id=call_id)
        self._give(self.server.answer(str(method), params), encode)

    def _give(self, answer: Any, encode: Callable[[Any], bytes] = response) -> None:
        if isinstance(answer, Hang):
            self.server.stopping.wait(_IDLE_SECONDS)
            self.close_connection = True
        elif isinstance(answer, Drop):
            self.close_connection = True
        elif isinstance(answer, Endless):
            self._endless(encode("a" * 64)[:64])
        elif isinstance(answer, HttpReply):
            self._reply(answer)
        elif isinstance(answer, Altered):
            body = answer.change(encode(answer.answer))
            self._reply(HttpReply(body, length=answer.length, pause=answer.pause))
        elif isinstance(answer, bytes):
            self._reply(HttpReply(answer))
        else:
            self._reply(HttpReply(encode(answer if answer is not None else "")))

    def _reply(self, reply: HttpReply) -> None:
        self.send_response(reply.status)
        length = len(reply.body) if reply.length is None else reply.length
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(length))
        for name, text in reply.headers.items():
            self.send_header(name, text)
        self.end_headers()
        if reply.pause:
            for index in range(len(reply.body)):
                self.wfile.flush()
                if self.server.stopping.wait(reply.pause):
                    return
                self.wfile.write(reply.body[index : index + 1])
        else:
            self.wfile.write(reply.body)
        self.wfile.flush()
        if length != len(reply.body):
            self.close_connection = True

    def _endless(self, head: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(head)
        while not self.server.stopping.is_set():
            self.wfile.write(b"a" * 65536)
