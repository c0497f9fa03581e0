"""The XenAPI of a simulated pool: XML-RPC and JSON-RPC over HTTPS, answering as xapi answers.

Besides a healthy pool it plays a slow, broken or hostile one: see `XenApiEndpoint.faults`.
"""

import ssl
import threading
import uuid
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from fixtures.xenapi_calls import DATABASE
from fixtures.xenapi_reading import MESSAGE_COUNT, MESSAGES, RECENT
from simpool.certificates import Identity, self_signed
from simpool.data import SimError, SimPool
from simpool.database_dump import database_dump
from simpool.xenapi_server import Altered, HttpReply, Reply, Usual, XenApiServer

# What a session of each role holds, as far as a client asks for it; xapi writes them in lower case.
_PERMISSIONS = {
    "read-only": ("vm.get_all_records",),
    "vm-operator": ("vm.start",),
    "vm-admin": ("vm.destroy",),
    "vm-power-admin": ("vm.pool_migrate",),
    "pool-operator": ("host.assert_can_evacuate",),
    "pool-admin": ("host.call_plugin",),
}
_OPERATOR_CLASSES = frozenset({"secret"})
_OPERATOR_ROLES = frozenset({"root", "pool-admin", "pool-operator"})
# Methods that compute; what they answer is `SimPool.answers`.
_COMPUTED = frozenset(
    {
        "VM.assert_agile",
        "host.compute_free_memory",
        "host.get_server_certificate",
        "host.get_servertime",
        "host.get_vms_which_prevent_evacuation",
    }
)


@lru_cache
def default_identity() -> Identity:
    """The certificate of endpoints that are given none; one per process, for keys are slow."""
    return self_signed()


class XenApiEndpoint:
    """Serves one pool while its `with` block lasts.

    Args:
        pool: what is answered; may be changed while it is served.
        identity: its TLS certificate.
        tls: the TLS context; made from `identity` if not given.
        plain: http instead of https.
        slave_of: `HOST:PORT` of the coordinator; the endpoint then is a member.
        bind: address and port to listen on; port 0 takes any that is free.

    Attributes:
        sessions: references of the sessions that are open, with the account of each.
        handed_out: references of all sessions there ever were.
        calls: method, or `GET PATH` -> how often it was asked for.
        bodies: every request body that arrived, in that order.
        refused: methods asked for that are no reads, in that order.
        denied: methods that no session has the permission for.
        faults: method -> what is answered instead: `SimError`, `bytes` (an HTTP body), `HttpReply`,
            `Hang()`, `Drop()`, `Endless()`, `Altered()`, a value, or a function that takes the
            parameters and returns one of these, or `Usual()`.
        json_rpc: the version of JSON-RPC that is spoken: `2.0` from 7.3 on, `1.0` from 6.5; or what
            a request is answered where there is none, HTTP 404 before that.
        login_delay: seconds before a wrong password is answered; xapi takes 5.
        login_params: how many parameters a login may have; 3 up to XenServer 6.2.
    """

    def __init__(
        self,
        pool: SimPool,
        *,
        identity: Identity | None = None,
        tls: ssl.SSLContext | None = None,
        plain: bool = False,
        slave_of: str = "",
        bind: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self.pool = pool
        self.slave_of = slave_of
        self.sessions: dict[str, str] = {}
        self.handed_out: list[str] = []
        self.calls: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.refused: list[str] = []
        self.denied: set[str] = set()
        self.faults: dict[str, Reply] = {}
        self.login_delay = 0.0
        self.login_params = 4 if _since(pool.release, (6, 5)) else 3
        self.json_rpc = _json_rpc(pool.release)
        self._identity = identity or default_identity()
        self._plain = plain
        context = None if plain else tls or self._identity.server_context()
        self._server = XenApiServer(
            self.answer, self.fetch, self.bodies, lambda: self.json_rpc, context, bind
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 fingerprint of the certificate, upper-case pairs with colons."""
        return self._identity.fingerprint

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._server.server_address[1])

    @property
    def connections(self) -> int:
        """How many connections came in, TLS agreed on or not."""
        return self._server.accepted

    @property
    def address(self) -> str:
        """`ADDRESS:PORT`."""
        return f"{self._server.server_address[0]!s}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{'http' if self._plain else 'https'}://{self.address}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()

    def answer(self, method: str, params: list[Any]) -> Any:
        """What is answered to a call: a value, `SimError`, or a fault."""
        self.calls[method] += 1
        fault = self.faults.get(method, Usual())
        if callable(fault):
            fault = fault(params)
        if isinstance(fault, Altered) and isinstance(fault.answer, Usual):
            return replace(fault, answer=self._usual(method, params))
        return self._usual(method, params) if isinstance(fault, Usual) else fault

    def _usual(self, method: str, params: list[Any]) -> Any:
        if method == "session.login_with_password":
            return self._log_in(params)
        if self.slave_of:
            return SimError(("HOST_IS_SLAVE", self.slave_of.split(":", maxsplit=1)[0]))
        session = params[0] if params else ""
        if session not in self.sessions:
            return SimError(("SESSION_INVALID", str(session)))
        if method == "session.logout":
            del self.sessions[session]
            return ""
        return self._permitted(method, self._role(session), params[1:])

    def fetch(self, path: str, cookie: str) -> Any:
        """What is answered to a GET: `HttpReply`, or a fault, set as for a method by `GET PATH`.

        As xapi does: the session comes as a cookie, only pool-admin may have the database.
        """
        name = f"GET {path}"
        self.calls[name] += 1
        fault = self.faults.get(name, Usual())
        if callable(fault):
            fault = fault([cookie])
        if not isinstance(fault, Usual):
            return fault
        session = cookie.removeprefix("session_id=")
        if session not in self.sessions:
            return HttpReply(b"<html>no session</html>", 401)
        if path != DATABASE:
            self.refused.append(name)
            return HttpReply(b"<html>not here</html>", 404)
        if self._role(session) not in {"root", "pool-admin"}:
            return HttpReply(b"<html>RBAC_PERMISSION_DENIED</html>", 403)
        return HttpReply(database_dump(self.pool))

    def _log_in(self, params: list[Any]) -> Any:
        if self.slave_of:
            return SimError(("HOST_IS_SLAVE", self.slave_of))
        method = "session.login_with_password"
        if not 2 <= len(params) <= self.login_params:
            counts = (str(self.login_params), str(len(params)))
            return SimError(("MESSAGE_PARAMETER_COUNT_MISMATCH", method, *counts))
        name, password = params[0], params[1]
        user = self.pool.users.get(name)
        if user is None or user.password != password:
            self._server.stopping.wait(self.login_delay)
            return SimError(("SESSION_AUTHENTICATION_FAILED", str(name), "Authentication failure"))
        if user.role != "root" and user.role not in _PERMISSIONS:
            return SimError(("SESSION_AUTHORIZATION_FAILED", str(name), "no role"))
        session = f"OpaqueRef:{uuid.uuid4()}"
        self.sessions[session] = name
        self.handed_out.append(session)
        return session

    def _role(self, session: str) -> str:
        return self.pool.users[self.sessions[session]].role

    def _permitted(self, method: str, role: str, params: list[Any]) -> Any:
        class_name, _, message = method.partition(".")
        of_operators = class_name in _OPERATOR_CLASSES and role not in _OPERATOR_ROLES
        if method in self.denied or of_operators:
            text = "No permission in user session"
            return SimError(("RBAC_PERMISSION_DENIED", method.lower(), text))
        if message == "get_all_records":
            if class_name not in self.pool.records:
                return SimError(("MESSAGE_METHOD_UNKNOWN", method))
            return self.pool.records[class_name]
        if class_name == "session" and (not params or params[0] not in self.sessions):
            return SimError(("HANDLE_INVALID", "session", str(params[:1])))
        if method == "session.get_is_local_superuser":
            return role == "root"
        if method == "session.get_rbac_permissions":
            return _permissions(role)
        if method == "message.get_all":
            return self._messages()
        if method == MESSAGES:
            return self.pool.answers.get(MESSAGES, {}).get(RECENT, {})
        if method not in _COMPUTED:
            self.refused.append(method)
            return SimError(("RBAC_PERMISSION_DENIED", method.lower(), "the simulation only reads"))
        return self._computed(method, params)

    def _computed(self, method: str, params: list[Any]) -> Any:
        answers = self.pool.answers.get(method)
        if answers is None:
            return SimError(("MESSAGE_METHOD_UNKNOWN", method))
        ref = str(params[0]) if params else ""
        if ref not in answers:
            return SimError(("HANDLE_INVALID", method.partition(".")[0], ref))
        return answers[ref]

    def _messages(self) -> Any:
        """References only; a pool says how many there are by `answers`, key `MESSAGE_COUNT`."""
        count = self.pool.answers.get("message.get_all", {}).get(MESSAGE_COUNT)
        if isinstance(count, SimError):
            return count
        if count is None:
            return list(self.pool.records.get("message", {}))
        return [f"OpaqueRef:message-{number}" for number in range(int(count))]


def _permissions(role: str) -> list[str]:
    """A role has what the roles below it have; the local root needs none and has none."""
    if role not in _PERMISSIONS:
        return []
    roles = list(_PERMISSIONS)
    return [held for name in roles[: roles.index(role) + 1] for held in _PERMISSIONS[name]]


def _json_rpc(release: str) -> str | HttpReply:
    if _since(release, (7, 3)):
        return "2.0"
    return "1.0" if _since(release, (6, 5)) else HttpReply(b"<html>not here</html>", 404)


def _since(release: str, first: tuple[int, int]) -> bool:
    """Whether a release is that one or a later one."""
    major, _, minor = release.partition(".")
    return not major.isdigit() or (int(major), int(minor[:1] or "0")) >= first
