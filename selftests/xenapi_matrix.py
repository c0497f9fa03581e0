"""Readings of simulated pools whose XenAPI misbehaves, and the verdict that such facts lead to."""

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from fixtures.audit import Audit
from fixtures.catalogue import discover
from fixtures.exceptions import CannotAuditError
from fixtures.judgement import judge
from fixtures.live import LivePlan, read_live
from fixtures.raw import RawAnswer, RawClass, RawFacts
from fixtures.reading import Reading
from fixtures.redaction import redact
from fixtures.secret import Secret
from fixtures.times import xenapi_time
from fixtures.tls import Trust, parse_pin
from fixtures.xenapi_calls import LOGIN, SESSION_CALLS
from fixtures.xenapi_reading import SERVER_TIME
from fixtures.xenapi_session import Login
from reports.account import open_account, settle
from reports.outcome import Outcome
from reports.progress import Progress
from reports.verdict import Verdict
from selftests.faulty_pools import NOW
from simpool.certificates import Identity
from simpool.data import SimError, SimPool
from simpool.direct import facts_of
from simpool.pools import build
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import HttpReply, Reply, Usual

PROTOCOLS = ("xml-rpc", "json-rpc")
CATALOGUE = discover()
READY = {"READY", "READY WITH CONDITIONS"}
FINDINGS = {"blocked", "warning", "waived", "not-verified"}
GREEN = {"pass", "info", "not-applicable"}
MOST_SECONDS = 60.0  # a generous bound: nothing but faults of their own lets readings wait

_FIRST = ("pool.get_all_records", "host.get_all_records")

Hook = Callable[[int, str], Reply]


class Faults:
    """Makes faults of codes; the first that says that the session has ended, ends it."""

    def __init__(self, endpoint: XenApiEndpoint) -> None:
        self._endpoint = endpoint
        self._ended = False

    def of(self, code: tuple[str, ...]) -> Reply:
        """The fault of a code with its parameters."""
        return self._end if code[0] == "SESSION_INVALID" else SimError(code)

    def _end(self, params: list[Any]) -> Reply:
        if not self._ended:
            self._ended = True
            self._endpoint.sessions.pop(params[0])
        return SimError(("SESSION_INVALID", "OpaqueRef:gone"))


class CountingEndpoint(XenApiEndpoint):
    """An endpoint that asks a hook, before each call, what to answer to its n-th call.

    The login is call 1, pool and hosts are 2 and 3, whichever of two connections is the faster.
    """

    def __init__(self, pool: SimPool, **options: Any) -> None:
        super().__init__(pool, **options)
        self._counting = threading.Condition()
        self.play(lambda _number, _method: Usual())

    def play(self, hook: Hook) -> None:
        """Count from the beginning, and ask this hook."""
        self.number = 0
        self._hook = hook
        self._first = set(_FIRST)

    def answer(self, method: str, params: list[Any]) -> Any:
        """The answer that the hook gives, or the usual one; who knocks is not counted."""
        if params[:1] == ["OpaqueRef:NULL"]:
            return super().answer(method, params)
        with self._counting:
            if method in _FIRST:
                self._first.discard(method)
                self._counting.notify_all()
            elif method not in SESSION_CALLS:
                self._counting.wait_for(lambda: not self._first, timeout=MOST_SECONDS)
            self.number += 1
            told = self._hook(self.number, method)
        return super().answer(method, params) if isinstance(told, Usual) else told


@contextmanager
def speaking(
    protocol: str, pool: SimPool, identity: Identity | None = None
) -> Iterator[CountingEndpoint]:
    """Serve a pool that speaks this protocol."""
    with CountingEndpoint(pool, identity=identity) as endpoint:
        if protocol == "xml-rpc":
            endpoint.json_rpc = HttpReply(b"<html>not here</html>", 404)
        yield endpoint


def login_of(endpoint: XenApiEndpoint, **changes: Any) -> Login:
    """How to log in to an endpoint, with little patience."""
    login = Login(
        endpoint.url,
        "root",
        Secret(endpoint.pool.users["root"].password),
        Trust(pins=(parse_pin(f"{endpoint.address}={endpoint.fingerprint}"),)),
        connect_timeout=15.0,
        call_timeout=30.0,
        booting_patience=0.02,
    )
    return replace(login, **changes)


def read(endpoint: XenApiEndpoint, deadline: float = 600.0, **changes: Any) -> RawFacts:
    """Read a pool over its XenAPI alone; bounded, and nothing of the reading is left behind."""
    begin = time.monotonic()
    plan = LivePlan(login_of(endpoint, **changes), None, deadline)
    try:
        raw = read_live(plan, [], Progress(io.StringIO(), live=False))
    finally:
        assert time.monotonic() - begin < MOST_SECONDS
        assert endpoint.sessions == {}, "a session was left open"
        left = [thread.name for thread in threading.enumerate()]
        assert not [name for name in left if name.startswith(("xenapi", "dom0"))]
    if raw.calls[LOGIN]:
        assert all("\n" not in cause and "Traceback" not in cause for cause in causes_of(raw))
    return raw


def refusal(endpoint: XenApiEndpoint, **changes: Any) -> str:
    """The line with which a reading ends that gives no facts."""
    with pytest.raises(CannotAuditError) as refused:
        read(endpoint, **changes)
    text = str(refused.value)
    assert "\n" not in text
    return text


def causes_of(raw: RawFacts) -> list[str]:
    """Every cause for which something was not read."""
    answers = (answer for told in raw.answers.values() for answer in told.values())
    found: Iterable[RawClass | RawAnswer] = (*raw.classes.values(), *answers)
    return [one.cause for one in found if one.cause]


def unread(raw: RawFacts) -> dict[str, str]:
    """Class -> why it was not read."""
    return {name: found.cause for name, found in raw.classes.items() if found.state == "unread"}


def essence(raw: RawFacts) -> tuple[Any, ...]:
    """What two readings of one pool have in common."""
    answers = {
        method: {ref: _timeless(answer) for ref, answer in told.items()}
        for method, told in raw.answers.items()
    }
    return dict(raw.classes), answers, raw.source["role"], raw.source["protocol"]


def _timeless(answer: RawAnswer) -> RawAnswer:
    if isinstance(answer.value, Mapping) and "server" in answer.value:
        return replace(answer, value=answer.value["server"])
    return answer


def _at(raw: RawFacts) -> RawFacts:
    """The same, its hosts asked for their time when the clock of the audit said what it says."""
    now = xenapi_time(NOW)
    clocks = {
        ref: replace(told, value={**told.value, "asked": now, "answered": now})
        if isinstance(told.value, Mapping)
        else told
        for ref, told in raw.answers.get(SERVER_TIME, {}).items()
    }
    return replace(raw, answers={**raw.answers, SERVER_TIME: clocks})


@dataclass(frozen=True)
class Judged:
    """What all checks say of facts: finding -> outcome, and the verdict."""

    outcomes: Mapping[str, Outcome]
    verdict: Verdict

    @property
    def is_ready(self) -> bool:
        """Whether the upgrade may go ahead."""
        return self.verdict.word in READY

    def turned_green(self, before: "Judged") -> dict[str, str]:
        """What was found before and is not any more: finding -> outcome."""
        return {
            finding: now.outcome
            for finding, was in before.outcomes.items()
            if was.outcome in FINDINGS
            and (now := self.outcomes.get(finding)) is not None
            and now.outcome in GREEN
            # xapi says that the VM can move, and will decide: the computed doubt may go.
            and "xapi says that it can move" not in was.message
        }


@lru_cache
def pool_facts(name: str) -> RawFacts:
    """A simulated pool whose dom0s and inputs are there, whatever its XenAPI does."""
    return facts_of(build(name, NOW), NOW, CATALOGUE.probes)


def judged(raw: RawFacts, name: str) -> Judged:
    """Judge what was read, with the dom0s and the inputs of the pool `name`.

    Every check is carried through: one that fails by itself is a defect.
    """
    whole = pool_facts(name)
    audit = Audit(replace(redact(_at(raw)), dom0=whole.dom0, inputs=whole.inputs))
    reading = Reading(CATALOGUE, Path(), ())
    account = open_account(reading, audit, Progress(io.StringIO(), live=False))
    for check in CATALOGUE.checks.values():
        found = audit.objects[check.info.object_class]
        for record in found if isinstance(found, tuple) else ():
            account.add(judge(check, record, audit, account.waivers))
    outcomes, ledger, verdict = settle(account, reading)
    assert ledger.adds_up, ledger.problems
    broken = {o.finding: o.cause for o in outcomes if o.cause.startswith("the check itself")}
    assert broken == {}
    return Judged({one.finding: one for one in outcomes}, verdict)


@lru_cache
def healthy(name: str) -> tuple[RawFacts, Judged]:
    """A pool that answers well: its facts by either protocol, and what is said of them."""
    with speaking("json-rpc", build(name, NOW)) as endpoint:
        raw = read(endpoint)
    return raw, judged(raw, name)
