"""Before and after: an audit, a simulated rolling upgrade, and the audit that looks what survived."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.audit import Audit
from fixtures.baseline import Baseline
from fixtures.catalogue import discover
from fixtures.judgement import judge
from fixtures.model import PoolFacts
from fixtures.raw import RawFacts
from fixtures.waivers import WaiverBook
from reports.outcome import Outcome
from rules.survival import NO_BASELINE, word
from selftests.faulty_pools import NOW, pool_named
from selftests.running import Run, audit
from simpool.builder import vm
from simpool.data import SimPool
from simpool.direct import facts_of
from simpool.faults.survival_baseline import record_then, then, there_was
from simpool.pools import default
from simpool.rolling_upgrade import UNDER_WAY, upgrade, upgrade_host

CHECKS = discover().checks
SURVIVAL = sorted(identifier for identifier in CHECKS if identifier.startswith("AFTER-"))


def judged(raw: RawFacts, *identifiers: str) -> tuple[Outcome, ...]:
    given = Audit(raw)
    return tuple(
        judge(CHECKS[identifier], record, given, WaiverBook({}, ()))
        for identifier in identifiers
        for record in given.objects[CHECKS[identifier].info.object_class]
        if not isinstance(record, str)
    )


def words(raw: RawFacts, *identifiers: str) -> set[str]:
    return {outcome.outcome for outcome in judged(raw, *identifiers)}


def facts(pool: SimPool) -> RawFacts:
    return facts_of(pool, NOW)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return audit(tmp_path_factory.mktemp("before"), "--pool=sim")


@pytest.fixture(scope="module")
def after(before: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return audit(
        tmp_path_factory.mktemp("after"),
        "--pool=sim:upgraded",
        "--phase=after",
        f"--baseline={before.bundle}",
    )


def test_before_and_after(before: Run, after: Run) -> None:
    assert before.results["verdict"] == "READY WITH CONDITIONS"
    assert after.results["verdict"] == "READY", after.out
    assert after.code == 0
    assert after.results["run"]["phase"] == "after"
    found = {one["check"] for one in after.results["outcomes"] if one["outcome"] == "pass"}
    assert set(SURVIVAL) - found == {"AFTER-SR-PATHS-01"}


def test_nothing_of_it_is_judged_before(before: Run) -> None:
    found = [one for one in before.results["outcomes"] if one["check"] in SURVIVAL]
    assert {(one["outcome"], one["cause"]) for one in found} == {
        ("not-applicable", "judged after the upgrade")
    }


def test_judged_again_it_is_the_same(after: Run, tmp_path: Path) -> None:
    again = audit(tmp_path, f"--pool={after.bundle}")
    assert (again.bundle / "results.json").read_bytes() == (
        after.bundle / "results.json"
    ).read_bytes()


def test_the_embedded_pool_brings_its_own_baseline(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim:upgraded")
    assert run.results["verdict"] == "READY", run.out


def test_without_a_baseline_nothing_is_ready() -> None:
    pool = pool_named("upgraded")
    del pool.inputs["baseline"]
    found = judged(facts(pool), *SURVIVAL)
    assert {(one.outcome, one.cause) for one in found} == {("not-verified", NO_BASELINE)}


def test_a_baseline_that_is_younger() -> None:
    pool = pool_named("upgraded")
    pool.inputs["baseline"]["clock"] = "20270101T00:00:00Z"
    found = judged(facts(pool), *SURVIVAL)
    assert {(one.outcome, one.cause) for one in found} == {
        ("not-verified", "the baseline is younger than this run")
    }


@pytest.mark.parametrize("name", ["VM", "SR", "VDI", "VBD", "PBD", "network", "PIF", "VIF"])
def test_what_was_not_known_before_is_not_verified(name: str) -> None:
    pool = pool_named("upgraded")
    lost: dict[str, Any] = pool.inputs["baseline"]["classes"][name]
    lost.update(state="unread", records={}, cause="it timed out")
    found = judged(facts(pool), *SURVIVAL)
    unknown = {one.check for one in found if one.outcome == "not-verified"}
    assert unknown
    assert not [one for one in found if one.cause.startswith("the check itself")]
    assert not {one.check for one in found if one.outcome == "pass"} & unknown


def test_half_way_is_recognised() -> None:
    pool = default.build(NOW)
    upgrade_host(pool, "xen-01", "8.0", "Citrix Hypervisor")
    pool.settings = {"target": default.TARGET, "phase": "after"}
    pool.inputs = {"baseline": pool_named("upgraded").inputs["baseline"]}
    found = {(one.check, one.object.name): one.outcome for one in judged(
        facts(pool), "POOL-RPU-01", "POOL-PATH-01", "POOL-VERSION-01"
    )}  # fmt: skip
    assert found == {
        ("POOL-RPU-01", "default"): "blocked",
        ("POOL-PATH-01", "xen-01"): "pass",
        ("POOL-PATH-01", "xen-02"): "blocked",
        ("POOL-PATH-01", "xen-03"): "blocked",
        ("POOL-VERSION-01", "xen-01"): "pass",
        ("POOL-VERSION-01", "xen-02"): "blocked",
        ("POOL-VERSION-01", "xen-03"): "blocked",
    }


def test_the_simulated_upgrade_changes_only_what_an_upgrade_does() -> None:
    old, new = default.build(NOW), default.build(NOW)
    upgrade(new, "8.0", "Citrix Hypervisor")
    own = {"host", "pool_update", "pool_patch", "host_patch"}
    for kind, records in old.records.items():
        for ref, record in records.items():
            if kind not in own:
                assert {name: new.records[kind][ref][name] for name in record} == record, kind
    assert UNDER_WAY not in json.dumps(new.records["pool"])
    assert PoolFacts(facts(new)).schema_minor == 400


def test_hosts_that_were_installed_afresh() -> None:
    """A clean installation gives a host another uuid; then its name tells it."""
    pool = pool_named("upgraded")
    for record in pool.inputs["baseline"]["classes"]["host"]["records"].values():
        record["uuid"] = record["uuid"][::-1]
    assert words(facts(pool), "AFTER-HOSTS-01") == {"blocked"}
    pool.settings["method"] = "clean"
    assert words(facts(pool), "AFTER-HOSTS-01", "AFTER-HOST-NETWORK-01") == {"pass"}
    for record in pool.records["host"].values():
        record["hostname"] = "localhost"
    assert words(facts(pool), "AFTER-HOSTS-01") == {"not-verified"}


def test_a_policy_that_the_release_dropped_is_missed() -> None:
    pool = pool_named("upgraded")
    policies = pool.inputs["baseline"]["classes"]["VMPP"]
    policies.update(
        state="read",
        records={"OpaqueRef:p": {"uuid": "p", "name_label": "weekly", "is_policy_enabled": True}},
    )
    (found,) = judged(facts(pool), "AFTER-SCHEDULES-01")
    assert found.message.endswith("found: policy weekly is gone")


def test_a_disk_in_another_place_and_one_that_shrank() -> None:
    pool = pool_named("upgraded")
    drives = [one for one in pool.records["VBD"].values() if one["type"] == "Disk"]
    image = pool.records["VDI"][drives[0]["VDI"]]
    image["virtual_size"] = str(int(image["virtual_size"]) // 2)
    found = [one for one in judged(facts(pool), "AFTER-VM-DISKS-01") if one.outcome != "pass"]
    assert [one.outcome for one in found] == ["blocked"]
    assert "has only" in found[0].message


def test_a_network_of_the_same_name_is_another_one() -> None:
    pool = pool_named("upgraded")
    pool.inputs["baseline"]["classes"]["network"]["records"] = {
        ref: record | ({"uuid": "another"} if record["name_label"] == "DMZ" else {})
        for ref, record in pool.inputs["baseline"]["classes"]["network"]["records"].items()
    }
    found = [one.message for one in judged(facts(pool), "AFTER-VM-NETWORKS-01") if one.message]
    assert found
    assert all("network another DMZ instead of DMZ" in message for message in found)


def test_the_baseline_keeps_certificates() -> None:
    baseline = Baseline(pool_named("upgraded").inputs["baseline"])
    shown = [
        baseline.facts.answer("host.get_server_certificate", h.ref) for h in baseline.facts.hosts
    ]
    assert all("BEGIN CERTIFICATE" in pem for pem in shown)


def test_values_as_people_read_them() -> None:
    assert [word(value) for value in (True, False, "", None, 0, ("b", "a"), ())] == [
        "on", "off", "none", "none", "0", "a, b", "none",
    ]  # fmt: skip


def test_a_clean_installation_erases_local_storage() -> None:
    pool = pool_named("upgraded")
    pool.settings["method"] = "clean"
    there_was(pool, "SR", "Local storage of xen-03", "Former local storage")
    (found,) = judged(facts(pool), "AFTER-SRS-01")
    assert (found.outcome, found.evidence["weighed"]) == (
        "warning",
        "warning: a clean installation erases local SRs; what lay on them was to be moved before",
    )
    there_was(pool, "SR", "iSCSI array", "Former array")
    assert words(facts(pool), "AFTER-SRS-01") == {"blocked"}


def test_a_former_release_that_had_no_start_order() -> None:
    pool = pool_named("upgraded")
    for record in then(pool, "host").values():
        record["software_version"] = {"product_version": "5.5.0"}
    for record in then(pool, "VM").values():
        del record["order"]
    record_then(pool, "VM", "mail-01")["ha_always_run"] = True
    found = [one for one in judged(facts(pool), "AFTER-VM-SETTINGS-01") if one.outcome != "pass"]
    assert [one.message for one in found] == [
        (
            "VM mail-01: settings - expected: as before the upgrade, "
            "found: protection by HA off instead of on"
        )
    ]
    vm(pool, "mail-01")["ha_restart_priority"] = "restart"
    assert words(facts(pool), "AFTER-VM-SETTINGS-01") == {"pass"}
    assert words(facts(pool), "AFTER-HOST-NETWORK-01") == {"pass"}
