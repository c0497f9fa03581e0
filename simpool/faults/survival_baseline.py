"""Changes what the audit before the upgrade knew, for stories of what did not survive it."""

import copy
from dataclasses import asdict, replace
from typing import Any

from fixtures.probes import Probe
from fixtures.raw import Ref
from simpool.data import CannedAnswer, SimPool
from simpool.dom0_answers import answered, answers_of, dom0_state
from simpool.records import find, identity


def then(pool: SimPool, xenapi_class: str) -> dict[Ref, dict[str, Any]]:
    """The records of a class before the upgrade, to be changed."""
    records: dict[Ref, dict[str, Any]] = pool.inputs["baseline"]["classes"][xenapi_class]["records"]
    return records


def record_then(pool: SimPool, xenapi_class: str, name: str) -> dict[str, Any]:
    """The record of before of an object that is called so now."""
    return then(pool, xenapi_class)[find(pool, xenapi_class, name)[0]]


def pool_then(pool: SimPool) -> dict[str, Any]:
    """The pool's own record of before."""
    return next(iter(then(pool, "pool").values()))


def there_was(pool: SimPool, xenapi_class: str, like: str, name: str, **fields: Any) -> Ref:
    """Have had another object before, like one that there is."""
    ref = Ref("OpaqueRef:" + identity(pool, f"then/{xenapi_class}/{name}/ref"))
    record = copy.deepcopy(record_then(pool, xenapi_class, like))
    uuid = identity(pool, f"then/{xenapi_class}/{name}")
    then(pool, xenapi_class)[ref] = record | {"uuid": uuid, "name_label": name} | fields
    return ref


def dom0_was(pool: SimPool, host: str, *probes: Probe, **state: Any) -> None:
    """Have had another state of a host's dom0 before, as these probes saw it."""
    answers = answers_of(replace(dom0_state(pool, host), **state))
    for probe in probes:
        dom0_said(pool, host, probe, answers.get(probe.command))


def dom0_said(pool: SimPool, host: str, probe: Probe, answer: CannedAnswer | None) -> None:
    """Have had another answer of a host's dom0 before."""
    uuid = find(pool, "host", host)[1]["uuid"]
    said = pool.inputs["baseline"]["dom0"][uuid]["probes"]
    said[probe.command] = asdict(answered(answer, probe))
