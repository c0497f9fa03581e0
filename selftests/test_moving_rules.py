"""Corners of the rules on processors, critical VMs and the migration network."""

import pytest

from fixtures.exceptions import NotVerifiedError
from rules.migration_network import KEY
from rules.processors import lacks
from selftests.faulty_pools import pool_named
from selftests.test_checks import of_check
from simpool.builder import find, host, pool_record, vm
from simpool.data import SimPool


def _only(pool: SimPool, identifier: str) -> tuple[str, str]:
    (found,) = of_check(pool, identifier)
    return found.outcome, found.message or found.cause


@pytest.mark.parametrize(
    ("offered", "wanted", "answer"),
    [
        ("ff-0f", "ff-0f", False),
        ("ff-0f", "0f", False),
        ("ff", "ff-00", False),
        ("ff", "ff-01", True),
        ("0e-ff", "01-00", True),
    ],
)
def test_features_are_compared_word_by_word(offered: str, wanted: str, answer: bool) -> None:
    assert lacks(offered, wanted) is answer


@pytest.mark.parametrize("strange", ["", "xyz", "-", "ff--ff"])
def test_what_is_no_word_is_not_known(strange: str) -> None:
    with pytest.raises(NotVerifiedError):
        lacks("ff", strange)


def test_another_vendor_weighs_less_while_nothing_runs() -> None:
    pool = pool_named("default")
    host(pool, "xen-03")["cpu_info"]["vendor"] = "AuthenticAMD"
    for record in pool.records["VM"].values():
        record["power_state"] = "Halted"
    outcomes = {o.object.name: o.outcome for o in of_check(pool, "HOST-CPU-01")}
    assert outcomes == {"xen-01": "pass", "xen-02": "pass", "xen-03": "warning"}


def test_another_vendor_blocks_while_it_is_not_known_what_runs() -> None:
    pool = pool_named("default")
    host(pool, "xen-03")["cpu_info"]["vendor"] = "AuthenticAMD"
    for record in pool.records["VM"].values():
        del record["power_state"]
    outcomes = {o.object.name: o.outcome for o in of_check(pool, "HOST-CPU-01")}
    assert outcomes["xen-03"] == "blocked"


def test_nobody_depends_on_a_vm_if_somebody_says_so() -> None:
    pool = pool_named("default")
    pool.settings["critical_vms"] = []
    assert _only(pool, "POOL-CRITICAL-01")[0] == "not-applicable"


def test_a_critical_vm_may_be_stated_by_uuid() -> None:
    pool = pool_named("default")
    pool.settings["critical_vms"] = [vm(pool, "dc-01")["uuid"], "dc-02"]
    assert _only(pool, "POOL-CRITICAL-01")[0] == "pass"


def test_a_name_of_two_vms_says_nothing() -> None:
    pool = pool_named("default")
    vm(pool, "mail-01")["name_label"] = "dc-02"
    outcome, message = _only(pool, "POOL-CRITICAL-01")
    assert outcome == "warning"
    assert "2 VMs are called dc-02, state the uuid" in message


def test_an_address_of_ipv6_is_one() -> None:
    pool = pool_named("default")
    for pif in pool.records["PIF"].values():
        pif.update(IP="", IPv6=["2001:db8::11/64"])
    assert _only(pool, "POOL-MIGRATION-01")[0] == "pass"


def test_a_host_without_an_interface_is_named() -> None:
    pool = pool_named("default")
    network, record = find(pool, "network", "Management")
    on = next(ref for ref, r in pool.records["host"].items() if r["name_label"] == "xen-02")
    pool.records["PIF"] = {
        ref: pif
        for ref, pif in pool.records["PIF"].items()
        if (pif["host"], pif["network"]) != (on, network)
    }
    assert pool_record(pool)["other_config"][KEY] == record["uuid"]
    assert "no interface on xen-02" in _only(pool, "POOL-MIGRATION-01")[1]
