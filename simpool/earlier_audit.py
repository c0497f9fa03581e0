"""The audit of a simulated pool as a baseline: what `--baseline` would read from its bundle."""

from dataclasses import asdict

from fixtures.audit import Audit
from fixtures.baseline import certificates, compared_parts
from fixtures.catalogue import discover
from fixtures.judgement import judge
from fixtures.raw import Json, RawFacts
from fixtures.tool import TOOL_NAME, TOOL_VERSION
from fixtures.waivers import WaiverBook
from reports.outcome import Outcome
from simpool.data import SimPool
from simpool.direct import facts_of


def baseline_of(pool: SimPool) -> dict[str, Json]:
    """What is kept of an audit of a pool; of its bundle only names are made up."""
    raw = facts_of(pool)
    return {
        "bundle": "before-the-upgrade",
        "manifest": "0" * 64,
        **compared_parts(_results(raw), raw.inputs),
        "clock": raw.inputs["clock"],
        "certificates": certificates(raw),
        "classes": {name: asdict(one) for name, one in raw.classes.items()},
        "dom0": {
            uuid: {"cause": one.cause, "probes": {c: asdict(p) for c, p in one.probes.items()}}
            for uuid, one in raw.dom0.items()
        },
    }


def _results(raw: RawFacts) -> dict[str, Json]:
    audit, checks = Audit(raw), discover().checks
    moment = audit.facts.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    pool = audit.facts.pool
    outcomes = [
        judge(check, record, audit, WaiverBook({}, ()))
        for check in checks.values()
        for record in _objects(audit, check.info.object_class)
    ]
    return {
        "run": {
            "tool": {"name": TOOL_NAME, "version": TOOL_VERSION},
            "source": {"kind": "sim", "address": f"sim:{pool.title}"},
            "pool": {"uuid": pool.uuid, "name": pool.title},
            "target": audit.settings.target,
            "phase": "before",
            "method": audit.settings.method,
            "started": moment,
            "ended": moment,
            "command": ["pytest", "--pool=sim"],
        },
        "verdict": "READY WITH CONDITIONS",
        "catalogue": [
            {"id": one.info.id, "severity": one.info.severity, "class": one.info.object_class}
            for one in checks.values()
        ],
        "outcomes": [_outcome(one) for one in outcomes],
    }


def _objects(audit: Audit, object_class: str) -> tuple[Json, ...]:
    found = audit.objects[object_class]  # type: ignore[index]
    return found if isinstance(found, tuple) else ()


def _outcome(one: Outcome) -> dict[str, Json]:
    return {
        "check": one.check,
        "severity": one.severity,
        "object": {"class": one.object.class_, "uuid": one.object.uuid, "name": one.object.name},
        "outcome": one.outcome,
        "message": one.message,
        "cause": one.cause,
        "waiver": None,
    }
