"""A threaded HTTP(S) server on loopback for XML-RPC, which can also misbehave on purpose."""

import contextlib
import socket
import socketserver
import ssl
import threading
import xmlrpc.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simpool.xenapi_encoding import response

_MAX_REQUEST = 300 * 1024  # xapi's own limit (xapi, ocaml/libs/http-lib)
_PATHS = frozenset({"/", "/RPC2"})
_IDLE_SECONDS = 60.0


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


# SimError, bytes (an HTTP body), HttpReply, Hang(), Drop(), Endless(), or a function of the call's
# parameters to one of them.
Reply = Any


class XenApiServer(ThreadingHTTPServer):
    """Serves until `stop`.

    Args:
        answer: method and parameters to a value, `SimError` or fault.
        fetch: path and cookie of a GET to `HttpReply` or fault.
        bodies: every request body is appended to it.
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
        tls: ssl.SSLContext | None,
        bind: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        super().__init__(bind, _Handler)
        self.answer = answer
        self.fetch = fetch
        self.bodies = bodies
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
        """Answer one XML-RPC request."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.path not in _PATHS or length > _MAX_REQUEST:
            self._reply(HttpReply(b"<html>not here</html>", 404 if length <= _MAX_REQUEST else 413))
            return
        body = self.rfile.read(length)
        self.server.bodies.append(body)
        try:
            if b"<!" in body:  # no request needs a document type
                raise ValueError
            params, method = xmlrpc.client.loads(body)
        except Exception:  # whatever a client may send
            self._reply(HttpReply(b"<html>not XML-RPC</html>", 400))
            return
        self._give(self.server.answer(method or "", list(params)))

    def _give(self, answer: Any) -> None:
        if isinstance(answer, Hang):
            self.server.stopping.wait(_IDLE_SECONDS)
            self.close_connection = True
        elif isinstance(answer, Drop):
            self.close_connection = True
        elif isinstance(answer, Endless):
            self._endless()
        elif isinstance(answer, HttpReply):
            self._reply(answer)
        elif isinstance(answer, bytes):
            self._reply(HttpReply(answer))
        else:
            self._reply(HttpReply(response(answer if answer is not None else "")))

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

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<?xml version='1.0'?><methodResponse><params><param><value>")
        while not self.server.stopping.is_set():
            self.wfile.write(b"a" * 65536)
