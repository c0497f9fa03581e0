"""VM-AGILE-01: xapi's own rule, computed, and compared with what xapi said."""

from typing import Any

import pytest

from fixtures.raw import RawAnswer
from rules.agility import vms_to_ask
from selftests.vm_judging import (
    AGILITY,
    outcome,
    raw_of,
    small_pool,
    vm_of,
    with_answer,
    without_class,
)
from simpool.builder import (
    NULL,
    add_cd,
    add_disk,
    add_network,
    add_record,
    add_sr,
    add_vm,
    find,
    ref_of,
)
from simpool.data import SimPool

CHECK = "VM-AGILE-01"
START = "VM web: agility - expected: can be started on every enabled host, found: "


def pool_with_vm(release: str = "7.2", **fields: Any) -> SimPool:
    pool = small_pool(release)
    given = {"host": "alpha", "disks": [("san", 10)], "networks": ["lan"], **fields}
    add_vm(pool, "web", **given)
    return pool


def found(pool: SimPool, **answers: bool) -> tuple[str, str]:
    judged = outcome(raw_of(pool, **answers), CHECK, "web")
    return judged.outcome, judged.message or judged.cause


def test_shared_everywhere_is_agile() -> None:
    assert found(pool_with_vm(), answers=False) == ("pass", "")


@pytest.mark.parametrize("state", ["Running", "Paused", "Suspended"])
def test_local_disk(state: str) -> None:
    pool = small_pool()
    add_vm(pool, "web", power_state=state, host="alpha", disks=[("local", 10)], suspend_sr="san")
    words = "a disk is on SR local, which is not shared"
    assert found(pool, answers=False) == ("blocked", START + words)


def test_halted_is_not_applicable() -> None:
    pool = small_pool()
    add_vm(pool, "web", power_state="Halted", disks=[("local", 10)])
    assert found(pool) == ("not-applicable", "halted: it is not moved")


def test_cd_counts_and_an_empty_drive_does_not() -> None:
    pool = pool_with_vm()
    add_sr(pool, "isos", "iso", shared=False, hosts=["alpha"])
    add_cd(pool, "web", add_disk(pool, "debian.iso", "isos", 1))
    words = "the CD in its drive is on SR isos, which is not shared"
    assert found(pool, answers=False) == ("blocked", START + words)


def test_shared_iso_is_fine() -> None:
    pool = pool_with_vm()
    add_sr(pool, "isos", "iso", shared=True)
    add_cd(pool, "web", add_disk(pool, "debian.iso", "isos", 1))
    assert found(pool, answers=False)[0] == "pass"


def test_unplugged_on_one_host_names_it() -> None:
    pool = pool_with_vm()
    sr, beta = ref_of(pool, "SR", "san"), ref_of(pool, "host", "beta")
    for pbd in pool.records["PBD"].values():
        if (pbd["SR"], pbd["host"]) == (sr, beta):
            pbd["currently_attached"] = False
    words = "a disk is on SR san, which is not attached on beta"
    assert found(pool, answers=False) == ("blocked", START + words)
    pool.records["host"][beta]["enabled"] = False
    assert found(pool, answers=False)[0] == "pass"


def test_network_missing_on_a_host() -> None:
    pool = small_pool()
    add_network(pool, "dmz", device="eth1", hosts=["alpha", "beta"])
    add_vm(pool, "web", host="alpha", networks=["dmz"])
    words = "its network dmz has no interface on gamma"
    assert found(pool, answers=False) == ("blocked", START + words)


def test_bond_members_do_not_count() -> None:
    pool = pool_with_vm()
    gamma = ref_of(pool, "host", "gamma")
    bond = add_record(pool, "Bond", "bond0", {"master": NULL})
    for pif in pool.records["PIF"].values():
        if pif["host"] == gamma:
            pif["bond_slave_of"] = bond
    words = "its network lan has no interface on gamma"
    assert found(pool, answers=False) == ("blocked", START + words)


def test_internal_network() -> None:
    pool = small_pool()
    add_network(pool, "inside", device=None)
    add_vm(pool, "web", host="alpha", networks=["inside"])
    words = "its network inside has no interface on alpha, beta, gamma"
    assert found(pool, answers=False) == ("blocked", START + words)


def test_virtual_gpu_by_release() -> None:
    for release, expected in (("7.2", "blocked"), ("6.5", "blocked")):
        pool = pool_with_vm(release)
        add_record(pool, "VGPU", "gpu", {"VM": ref_of(pool, "VM", "web"), "device": "0"})
        assert found(pool, answers=False)[0] == expected


def test_usb() -> None:
    pool = pool_with_vm("7.6")
    add_record(pool, "VUSB", "usb", {"VM": ref_of(pool, "VM", "web")})
    words = "a USB device of its host is passed through to it"
    assert found(pool, answers=False) == ("blocked", START + words)


def test_sriov() -> None:
    pool = pool_with_vm("7.6")
    pif = next(iter(pool.records["PIF"]))
    add_record(pool, "network_sriov", "sriov", {"physical_PIF": NULL, "logical_PIF": pif})
    words = "it has a network interface on SR-IOV"
    assert found(pool, answers=False) == ("blocked", START + words)


def test_no_image_in_a_full_drive() -> None:
    pool = pool_with_vm()
    add_cd(pool, "web", NULL)
    words = "it refers to a VDI that does not exist"
    assert found(pool, answers=False) == ("blocked", START + words)


@pytest.mark.parametrize("name", ["VBD", "VDI", "SR", "PBD", "VIF", "network", "PIF", "VGPU"])
def test_an_unread_class_is_never_a_pass(name: str) -> None:
    raw = without_class(raw_of(pool_with_vm(), answers=False), name)
    judged = outcome(raw, CHECK, "web")
    assert judged.outcome == "not-verified"
    assert "timed out" in judged.cause


def test_a_definite_obstacle_outranks_the_unknown() -> None:
    pool = pool_with_vm(disks=[("local", 10)])
    raw = without_class(raw_of(pool, answers=False), "VIF")
    assert outcome(raw, CHECK, "web").outcome == "blocked"


@pytest.mark.parametrize("settings", [{"method": "standalone"}, {"method": "clean"}])
def test_other_methods(settings: dict[str, str]) -> None:
    pool = pool_with_vm(disks=[("local", 10)])
    pool.settings.update(settings)
    assert found(pool)[0] == "not-applicable"


def test_one_host() -> None:
    pool = small_pool(hosts=("alpha",))
    add_vm(pool, "web", host="alpha", disks=[("local", 10)])
    assert found(pool) == (
        "not-applicable",
        "a pool of one host: a planned shutdown of its VMs is the remedy",
    )
    assert vms_to_ask(vm_of(raw_of(pool), pool, "web").facts) == ()


def test_xapi_says_yes_where_the_facts_say_no() -> None:
    pool = pool_with_vm(disks=[("local", 10)])
    ref = ref_of(pool, "VM", "web")
    judged = outcome(with_answer(raw_of(pool), AGILITY, ref, RawAnswer()), CHECK, "web")
    assert judged.outcome == "warning"
    assert judged.message == (
        f"{START}xapi says that it is agile, but by the facts "
        "a disk is on SR local, which is not shared"
    )


def test_xapi_says_no_where_the_facts_say_yes() -> None:
    pool = pool_with_vm()
    lan = ref_of(pool, "network", "lan")
    error = ("HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED", lan)
    raw = with_answer(raw_of(pool), AGILITY, ref_of(pool, "VM", "web"), RawAnswer(error=error))
    judged = outcome(raw, CHECK, "web")
    assert judged.outcome == "blocked"
    assert judged.message == (
        f"{START}network lan is not on all enabled hosts (so says xapi; the facts show no reason)"
    )


def test_both_say_no_and_say_it_once() -> None:
    pool = pool_with_vm(disks=[("local", 10)])
    error = ("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", ref_of(pool, "SR", "local"))
    raw = with_answer(raw_of(pool), AGILITY, ref_of(pool, "VM", "web"), RawAnswer(error=error))
    judged = outcome(raw, CHECK, "web")
    assert judged.message == START + "a disk is on SR local, which is not shared"


def test_xapi_settles_what_the_facts_do_not_tell() -> None:
    pool = pool_with_vm()
    raw, ref = without_class(raw_of(pool), "VIF"), ref_of(pool, "VM", "web")
    assert outcome(with_answer(raw, AGILITY, ref, RawAnswer()), CHECK, "web").outcome == "pass"
    for error, word in (
        (("VM_HAS_SRIOV_VIF", ref), "warning"),  # xapi moves it all the same
        (("HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED", ref_of(pool, "network", "lan")), "blocked"),
    ):
        no = RawAnswer(error=error)
        assert outcome(with_answer(raw, AGILITY, ref, no), CHECK, "web").outcome == word


@pytest.mark.parametrize(
    "error",
    [("SESSION_INVALID", "x"), ("HANDLE_INVALID", "VM", "x"), ("RBAC_PERMISSION_DENIED", "x")],
)
def test_a_failed_question_is_no_verdict(error: tuple[str, ...]) -> None:
    pool = pool_with_vm()
    ref = ref_of(pool, "VM", "web")
    raw = with_answer(raw_of(pool), AGILITY, ref, RawAnswer(error=error))
    assert outcome(raw, CHECK, "web").outcome == "pass"
    assert outcome(without_class(raw, "VIF"), CHECK, "web").outcome == "not-verified"


@pytest.mark.parametrize("value", [False, {}, "refused", ["x"]])
def test_an_answer_of_something_else_settles_nothing(value: Any) -> None:
    pool = pool_with_vm()
    raw, ref = without_class(raw_of(pool), "VIF"), ref_of(pool, "VM", "web")
    odd = with_answer(raw, AGILITY, ref, RawAnswer(value=value))
    assert outcome(odd, CHECK, "web").outcome == "not-verified"


def test_vms_to_ask() -> None:
    pool = pool_with_vm()
    for number in range(60):
        add_vm(pool, f"tied-{number:02}", host="alpha", disks=[("local", 1)])
    add_vm(pool, "off", power_state="Halted", disks=[("local", 1)])
    find(pool, "VM", "web")[1].pop("power_state")
    facts = vm_of(raw_of(pool), pool, "web").facts
    asked = vms_to_ask(facts)
    assert len(asked) == 50
    assert vms_to_ask(facts, limit=100)[-1] == ref_of(pool, "VM", "web")
    assert len(vms_to_ask(facts, limit=100)) == 61
