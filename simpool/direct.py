"""Facts of a simulated pool without a network: what a live reading of it would give."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from fixtures.catalogue import ROOT, discover
from fixtures.exceptions import NotVerifiedError
from fixtures.live_questions import AGILITY_LIMIT
from fixtures.model import PoolFacts
from fixtures.probes import Probe
from fixtures.raw import Json, RawAnswer, RawClass, RawDom0, RawFacts, Ref
from fixtures.redaction import redact
from fixtures.releases import load_releases
from fixtures.settings import load_settings
from fixtures.times import xenapi_time
from fixtures.xenapi_reading import (
    CERTIFICATE,
    CLASSES,
    MESSAGE_COUNT,
    MESSAGES,
    RECENT,
    SERVER_TIME,
)
from fixtures.xencenter_file import xencenter_version
from rules.agility import METHOD as AGILITY
from rules.agility import vms_to_ask
from rules.evacuation import METHOD as EVACUATION
from simpool.data import MODERN_SSH, SimError, SimPool
from simpool.dom0_answers import answered

_INPUTS = (
    "waivers", "attestations", "hardware_list", "host_backups", "resource_data", "database_backup",
    "destination", "xva",
)  # fmt: skip


def facts_of(
    pool: SimPool, now: datetime | None = None, probes: Iterable[Probe] | None = None
) -> RawFacts:
    """What is read of a simulated pool, redacted, inputs included.

    Args:
        pool: the pool.
        now: the clock of the audit, aware; the pool's own when None.
        probes: the dom0 commands; those of all checks when None.
    """
    asked = tuple(discover().probes if probes is None else probes)
    raw = RawFacts(
        source={
            "kind": "sim",
            "address": f"sim:{pool.name}",
            "user": "root",
            "role": "root",
            "tls": [dict(pool.tls)],
        },
        classes={name: _class(pool, name) for name in CLASSES},
        dom0={
            str(host.get("uuid")): _dom0(pool, str(host.get("uuid")), asked)
            for host in pool.records["host"].values()
        },
        inputs=inputs_of(pool, now),
    )
    return redact(replace(raw, answers=_answers(pool, raw)))


def records_of(pool: SimPool) -> RawFacts:
    """The records alone, as a database dump has them."""
    return RawFacts({}, {name: _class(pool, name) for name in CLASSES})


def inputs_of(pool: SimPool, now: datetime | None = None) -> dict[str, Json]:
    """The inputs of an audit as a simulated pool brings them."""
    settings = load_settings(None, {}, pool.settings)
    stated = xencenter_version(settings.xencenter) if settings.xencenter else None
    return {
        **dict.fromkeys(_INPUTS),
        "waivers": [],
        "attestations": [],
        **pool.inputs,
        "settings": settings.as_json(),
        "releases": json.loads(_releases()),
        "xencenter": stated,
        "clock": xenapi_time(now or pool.now),
    }


@lru_cache
def _releases() -> str:
    """The release data, read once; every pool gets its own copy of them."""
    return json.dumps(load_releases(ROOT / "releases"))


def _class(pool: SimPool, name: str) -> RawClass:
    if name not in pool.records:
        cause = f"the pool answers {name}.get_all_records with MESSAGE_METHOD_UNKNOWN"
        return RawClass("absent", cause=cause)
    return RawClass("read", {ref: dict(record) for ref, record in pool.records[name].items()})


def _answers(pool: SimPool, raw: RawFacts) -> dict[str, dict[Ref, RawAnswer]]:
    facts = PoolFacts(raw)
    count = pool.answers.get("message.get_all", {}).get(MESSAGE_COUNT, 0)
    answers: dict[str, dict[Ref, RawAnswer]] = {
        "message.get_all": {
            MESSAGE_COUNT: _given(count if isinstance(count, SimError) else str(count))
        },
        MESSAGES: {RECENT: _given(pool.answers.get(MESSAGES, {}).get(RECENT, {}))},
        SERVER_TIME: {host.ref: _clock(pool, host.ref) for host in facts.hosts},
        **{
            method: {host.ref: _answer(pool, method, host.ref) for host in facts.hosts}
            for method in (EVACUATION, CERTIFICATE)
        },
    }
    try:
        vms = vms_to_ask(facts, AGILITY_LIMIT)
    except NotVerifiedError:
        return answers
    answers[AGILITY] = {vm: _answer(pool, AGILITY, vm) for vm in vms}
    return answers


def _answer(pool: SimPool, method: str, ref: Ref) -> RawAnswer:
    if method not in pool.answers:
        return RawAnswer(cause=f"this release does not have the call: {method}")
    unknown = SimError(("HANDLE_INVALID", method.partition(".")[0], ref))
    return _given(pool.answers[method].get(ref, unknown))


def _clock(pool: SimPool, ref: Ref) -> RawAnswer:
    told, now = _answer(pool, SERVER_TIME, ref), xenapi_time(pool.now)
    if not isinstance(told.value, str):
        return told
    return RawAnswer(value={"server": told.value, "asked": now, "answered": now})


def _given(value: Json) -> RawAnswer:
    return RawAnswer(error=value.description) if isinstance(value, SimError) else RawAnswer(value)


def _dom0(pool: SimPool, host_uuid: str, asked: tuple[Probe, ...]) -> RawDom0:
    canned = pool.dom0.get(host_uuid)
    if canned is None:
        return RawDom0(cause="the host's SSH server does not answer")
    probes = {probe.command: answered(canned.get(probe.command), probe) for probe in asked}
    agreed = pool.ssh.get(host_uuid, MODERN_SSH)
    return RawDom0(probes, connection={"driver": "direct", **agreed})
