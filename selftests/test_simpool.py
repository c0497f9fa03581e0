"""The embedded pools agree with the published data model, their release and themselves."""

import argparse
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.catalogue import discover
from fixtures.live import read_live
from fixtures.live_options import live_plan
from fixtures.model import FIELD_KINDS, SCHEMA_MINOR, PoolFacts, record_classes
from fixtures.model.record import fields_of
from fixtures.raw import WireRecord
from fixtures.redaction import redact
from fixtures.times import moment
from reports.progress import Progress
from simpool.builder import (
    add_host,
    add_hotfix,
    add_snapshot,
    add_sr,
    add_vm,
    change_dom0,
    dom0_state,
    find,
    host,
    new_pool,
    vm,
)
from simpool.data import SimPool
from simpool.direct import facts_of
from simpool.dom0_answers import Dom0Answers
from simpool.pools import POOLS, build
from simpool.records import GONE, NULL, add_record, field_names
from simpool.serving import serve
from simpool.storage import PLANTED_SECRET

PUBLISHED = Path(__file__).resolve().parents[2] / "shared" / "xenapi" / "xenapi.json"
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
CLASSES = {c.xenapi_class: c for c in record_classes()}
# Versions of xapi newer than what the newest embedded pool runs.
XAPI_OF_THE_NEWEST_POOL = (26, 1)


@pytest.fixture(scope="module", params=POOLS)
def pool(request: pytest.FixtureRequest) -> SimPool:
    return build(request.param, NOW)


def published() -> dict[str, Any]:
    if not PUBLISHED.exists():
        pytest.skip("the published data model is not beside this checkout")
    return {item["name"]: item for item in json.loads(PUBLISHED.read_text(encoding="utf-8"))}


def everything(pool: SimPool) -> list[tuple[str, str, WireRecord]]:
    return [
        (name, ref, record) for name, table in pool.records.items() for ref, record in table.items()
    ]


def fits(kind: str, value: Any) -> bool:
    if kind == "int":
        return isinstance(value, str) and value.lstrip("-").isdigit()
    if kind == "datetime":
        return isinstance(value, str) and moment(value) is not None
    if kind == "ref":
        return isinstance(value, str) and value.startswith("OpaqueRef:")
    if kind == "set":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == "map":
        return isinstance(value, dict) and all(
            isinstance(item, str) for pair in value.items() for item in pair
        )
    plain: dict[str, type] = {"str": str, "bool": bool, "float": float}
    return isinstance(value, plain[kind])


def test_fields_are_those_of_the_release(pool: SimPool) -> None:
    for name, ref, record in everything(pool):
        assert set(record) == set(field_names(name, pool.release)), (name, ref)
        wrong = {f: v for f, v in record.items() if not fits(FIELD_KINDS[name][f], v)}
        assert not wrong, (name, ref)


def test_fields_are_published(pool: SimPool) -> None:
    model = published()
    for name, table in pool.records.items():
        fields = {field["name"]: field for field in model[name]["fields"]}
        for record in table.values():
            assert set(record) <= set(fields)


def test_enumerations_hold_published_values(pool: SimPool) -> None:
    model = published()
    values = {
        enum["name"]: {value["name"] for value in enum["values"]}
        for item in model.values()
        for enum in item["enums"]
    }
    for name, table in pool.records.items():
        enums = {
            field["name"]: field["type"].split()[1]
            for field in model[name]["fields"]
            if field["type"].startswith("enum ")
        }
        for record in table.values():
            for field, enum in enums.items():
                found = record.get(field)
                used = set(found) if isinstance(found, list) else {found} - {None}
                assert used <= values[enum], (name, field)


def test_nothing_is_younger_than_the_newest_xapi(pool: SimPool) -> None:
    model = published()
    for name, table in pool.records.items():
        fields = {field["name"]: field for field in model[name]["fields"]}
        for field in {field for record in table.values() for field in record}:
            since = fields[field]["lifecycle"]["transitions"][0]["release"]
            if since[0].isdigit():
                major, minor = (int(part) for part in since.split(".")[:2])
                assert pool.release == "8.3", (name, field)
                assert (major, minor) <= XAPI_OF_THE_NEWEST_POOL or major == 1, (name, field)


def test_references_resolve(pool: SimPool) -> None:
    model = published()
    for name, ref, record in everything(pool):
        fields = {field["name"]: field["type"] for field in model[name]["fields"]}
        for field in record:
            words = fields[field].split()
            if (
                words[-1] == "ref"
                and words[0] in pool.records
                and record[field] not in (NULL, GONE)
            ):
                assert record[field] in pool.records[words[0]], (name, ref, field)
            if words[-2:] == ["ref", "set"] and words[0] in pool.records:
                assert set(record[field]) <= set(pool.records[words[0]]), (name, ref, field)


def test_uuids_are_unique(pool: SimPool) -> None:
    hotfixes = {"pool_patch", "pool_update"}  # one hotfix has one uuid as either
    uuids = [r["uuid"] for name, _, r in everything(pool) if name not in hotfixes]
    assert len(uuids) == len(set(uuids))


def test_classes_are_those_of_the_release(pool: SimPool) -> None:
    schema = SCHEMA_MINOR[pool.release]
    for name, record_class in CLASSES.items():
        since = SCHEMA_MINOR[record_class.since]
        assert (name in pool.records) == (since <= schema and name != "VMPP"), name
        for field in fields_of(record_class).values():
            assert field.since >= since


def test_typed_records_read_everything(pool: SimPool) -> None:
    facts = PoolFacts(facts_of(pool))
    for record_class in CLASSES.values():
        for record in facts.table(record_class).values():
            for name in field_names(record.xenapi_class, pool.release):
                getattr(record, name)
    assert facts.schema_minor is not None
    assert facts.schema_minor >= SCHEMA_MINOR[pool.release]


def test_one_coordinator_and_a_control_domain_per_host(pool: SimPool) -> None:
    facts = PoolFacts(facts_of(pool))
    assert facts.pool.coordinator in facts.hosts
    for member in facts.hosts:
        domains = [vm for vm in member.resident_vms if vm.is_control_domain]
        assert len(domains) >= 1
        assert pool.dom0[member.uuid]


# The faults of `troubled` take answers away.
@pytest.mark.parametrize("pool", [name for name in POOLS if name != "troubled"], indirect=True)
def test_every_probe_has_an_answer(pool: SimPool) -> None:
    for answers in pool.dom0.values():
        assert not {probe.command for probe in discover().probes} - set(answers)


def test_methods_are_published(pool: SimPool) -> None:
    model = published()
    for method in pool.answers:
        name, _, message = method.partition(".")
        # Every class has get_all; the model lists only what is particular to a class.
        assert message in {"get_all", *(item["name"] for item in model[name]["messages"])}


def test_inventory_names_the_host(pool: SimPool) -> None:
    for uuid, answers in pool.dom0.items():
        if isinstance(answers, Dom0Answers):
            assert answers.state.host_uuid == uuid


@pytest.mark.parametrize("name", POOLS)
def test_same_pool_at_every_build(name: str) -> None:
    first, second = build(name, NOW), build(name, NOW)
    assert first.records == second.records
    assert first.inputs == second.inputs
    assert first.dom0 == second.dom0


def test_ages_follow_the_clock() -> None:
    first, second = build("default", NOW), build("default", datetime(2031, 1, 1, tzinfo=UTC))
    refs = {name: set(table) for name, table in first.records.items()}
    assert refs == {name: set(table) for name, table in second.records.items()}
    booted = [host(p, "xen-01")["other_config"]["boot_time"] for p in (first, second)]
    assert float(booted[0]) < NOW.timestamp() < float(booted[1])


def test_builder_refuses_what_the_release_lacks() -> None:
    pool = new_pool("old", "6.5")
    add_host(pool, "a")
    with pytest.raises(ValueError, match=r"no field domain_type in 6\.5"):
        add_vm(pool, "x", host="a", domain_type="hvm")
    with pytest.raises(ValueError, match="no class pool_update"):
        add_record(pool, "pool_update", "x", {})
    with pytest.raises(ValueError, match="no field colour"):
        add_record(pool, "VM", "x", {"colour": "red"})


def test_find() -> None:
    pool = new_pool("p")
    add_host(pool, "a")
    add_vm(pool, "x", host="a")
    add_snapshot(pool, "x", "x")
    assert find(pool, "VM", "x")[1]["is_a_snapshot"] is False
    assert vm(pool, "x")["power_state"] == "Running"
    add_vm(pool, "x", host="a")
    with pytest.raises(KeyError, match="2 objects"):
        find(pool, "VM", "x")
    with pytest.raises(KeyError, match="0 objects"):
        find(pool, "VM", "y")


@pytest.mark.parametrize("release", ["6.5", "7.0"])
def test_hotfix_of_old(release: str) -> None:
    pool = new_pool("p", release)
    add_host(pool, "a")
    ref = add_hotfix(pool, "XS001")
    assert ref in pool.records["pool_patch"]
    assert "pool_update" not in pool.records
    assert next(iter(pool.records["host_patch"].values()))["pool_patch"] == ref


def test_hotfix_of_7_2() -> None:
    pool = new_pool("p")
    add_host(pool, "a")
    add_host(pool, "b")
    ref = add_hotfix(pool, "XS001", hosts=["b"], requires_reboot=True)
    assert host(pool, "a")["updates"] == []
    assert host(pool, "b")["updates"] == host(pool, "b")["updates_requiring_reboot"] == [ref]


def test_dom0_changes_meet() -> None:
    pool = new_pool("p")
    add_host(pool, "a")
    answers = pool.dom0[host(pool, "a")["uuid"]]
    before = dict(answers)
    change_dom0(pool, "a", messages=9_000)
    change_dom0(pool, "a", root_used_kib=17_000_000)
    assert dom0_state(pool, "a").messages == 9_000
    changed = [command for command in answers if answers[command] != before[command]]
    assert len(changed) == 2
    assert sorted(command.split()[0] for command in changed) == ["df", "ls"]


def test_shared_sr_reaches_all_hosts() -> None:
    pool = new_pool("p")
    for name in "abc":
        add_host(pool, name)
    add_sr(pool, "all", "nfs", shared=True)
    add_sr(pool, "some", "nfs", shared=True, hosts=["a"], attached=False)
    attached = [pbd["currently_attached"] for pbd in pool.records["PBD"].values()]
    assert attached == [True, True, True, False]


@pytest.mark.parametrize("name", POOLS)
def test_read_live_it_is_the_same(name: str) -> None:
    pool = build(name)
    probes = discover().probes
    with serve(pool) as served:
        plan = live_plan(
            argparse.Namespace(no_ssh=False, legacy=None, settings=None), served.url, served
        )
        raw = redact(read_live(plan, probes, Progress(io.StringIO(), live=False)))
    direct = facts_of(pool, probes=probes)
    clocks = "host.get_servertime"  # the moments of asking are those of each reading
    assert {**raw.answers, clocks: {}} == {**direct.answers, clocks: {}}
    assert {ref: told.value["server"] for ref, told in raw.answers[clocks].items()} == {
        ref: told.value["server"] for ref, told in direct.answers[clocks].items()
    }
    assert {n: c.state for n, c in raw.classes.items()} == {
        n: c.state for n, c in direct.classes.items()
    }
    for class_name, found in raw.classes.items():
        assert found.records == direct.classes[class_name].records, class_name
    assert {uuid: dom0.cause for uuid, dom0 in raw.dom0.items()} == {
        uuid: dom0.cause for uuid, dom0 in direct.dom0.items()
    }
    for uuid, dom0 in direct.dom0.items():
        for command, wanted in dom0.probes.items():
            assert replace(raw.dom0[uuid].probes[command], seconds=0.0) == replace(
                wanted, seconds=0.0
            )


def test_planted_secret_is_not_read() -> None:
    pool = build("default")
    assert PLANTED_SECRET in str(pool.records)
    assert PLANTED_SECRET not in str(facts_of(pool))
