"""VM-EVACUATE-01 computed from facts."""

import pytest

from rules.evacuation import judge_evacuation
from selftests.evacuation_pool import (
    CHECK,
    PREVENTED,
    START,
    Change,
    answered,
    computed,
    pool_with_vm,
    unplug,
)
from selftests.vm_judging import (
    EVACUATION,
    HOSTS,
    outcome,
    raw_of,
    small_pool,
    vm_of,
    without_class,
)
from simpool.builder import (
    NULL,
    add_disk,
    add_network,
    add_record,
    add_sr,
    add_vm,
    host,
    ref_of,
    vm,
)


def test_nothing_prevents_it() -> None:
    assert computed(pool_with_vm()) == ("pass", "")
    assert answered(pool_with_vm()) == ("pass", "")


@pytest.mark.parametrize(("code", "change", "words"), PREVENTED)
def test_computed(code: str, change: Change, words: str) -> None:
    pool = pool_with_vm()
    change(pool)
    judged = outcome(raw_of(pool, answers=False), CHECK, "web")
    assert (judged.outcome, judged.message) == ("blocked", START + words)
    assert [reason["code"] for reason in judged.evidence["computed"]] == [code]


def test_the_cd_is_named_as_such() -> None:
    pool = pool_with_vm()
    add_sr(pool, "dvd", "udev", shared=False, hosts=["alpha"])
    image = add_disk(pool, "game", "dvd", 1)
    web = ref_of(pool, "VM", "web")
    drives = (d for d in pool.records["VBD"].values() if d["VM"] == web and d["type"] == "CD")
    next(drives).update(VDI=image, empty=False)
    words = "the CD in its drive is on SR dvd, which is local to its host (not on beta, gamma)"
    assert computed(pool) == ("blocked", START + words)


def test_internal_network_ties_vms_together() -> None:
    pool = pool_with_vm()
    add_network(pool, "inside", device=None)
    network = ref_of(pool, "network", "inside")
    vif = next(v for v in pool.records["VIF"].values() if v["VM"] == ref_of(pool, "VM", "web"))
    vif["network"] = network
    assert "network inside, which not every other host has (not beta, gamma)" in computed(pool)[1]
    pool.records["network"][network]["other_config"] = {"assume_network_is_shared": "true"}
    assert computed(pool)[0] == "pass"


def test_older_hosts_are_no_targets() -> None:
    pool = pool_with_vm()
    for name in ("beta", "gamma"):
        host(pool, name)["software_version"]["platform_version"] = "2.2.0"
    assert "no other enabled host" in computed(pool)[1]
    host(pool, "gamma")["software_version"].pop("platform_version")
    assert computed(pool) == (
        "not-verified",
        f"which of hosts gamma and alpha is newer is not known; {EVACUATION} was not asked",
    )


def test_more_virtual_than_physical_processors() -> None:
    pool = pool_with_vm("7.6", vcpus=32)
    assert computed(pool)[1] == (f"{START}it has 32 virtual processors, another host only 16")
    vm(pool, "web")["platform"]["vcpu-unrestricted"] = "true"
    assert computed(pool)[0] == "pass"
    assert computed(pool_with_vm("7.2", vcpus=32))[0] == "pass"


@pytest.mark.parametrize("release", ["6.5", "8.3"])
def test_features_are_unknown_where_the_rule_is_not_ours(release: str) -> None:
    pool = pool_with_vm(release)
    assert computed(pool)[0] == "not-verified"
    assert answered(pool)[0] == "pass"
    vm(pool, "web")["last_boot_CPU_flags"] = {
        "vendor": "GenuineIntel",
        "features": host(pool, "beta")["cpu_info"]["features_hvm"],
    }
    assert computed(pool)[0] == "pass"


def test_a_gpu_that_may_move_is_unknown() -> None:
    pool = pool_with_vm("7.6")
    home = add_record(
        pool, "PGPU", "card", {"compatibility_metadata": {"nvidia": "x"}, "host": NULL}
    )
    owner = ref_of(pool, "VM", "web")
    add_record(pool, "VGPU", "g", {"VM": owner, "device": "0", "resident_on": home})
    assert computed(pool)[0] == "not-verified"


def test_sriov_is_unknown() -> None:
    pool = pool_with_vm("7.6")
    pif = next(iter(pool.records["PIF"]))
    add_record(pool, "network_sriov", "sriov", {"physical_PIF": NULL, "logical_PIF": pif})
    assert "SR-IOV functions are free on network lan" in computed(pool)[1]


def test_a_target_with_the_network_only_in_a_bond_is_unknown() -> None:
    pool = pool_with_vm()
    bond = add_record(pool, "Bond", "bond0", {"master": NULL})
    gamma = ref_of(pool, "host", "gamma")
    for pif in pool.records["PIF"].values():
        if pif["host"] == gamma:
            pif["bond_slave_of"] = bond
    assert "whether every host can attach network lan is not known" in computed(pool)[1]


@pytest.mark.parametrize(
    "name",
    ["VBD", "VDI", "PBD", "VIF", "network", "PIF", "VM_metrics", "VM_guest_metrics", "VGPU",
     "host_metrics"],
)  # fmt: skip
def test_an_unread_class_is_never_a_pass_without_xapi(name: str) -> None:
    pool = pool_with_vm()
    raw = without_class(raw_of(pool, answers=False), name)
    judged = outcome(raw, CHECK, "web")
    assert judged.outcome == "not-verified"
    assert "timed out" in judged.cause
    assert outcome(without_class(raw_of(pool), name), CHECK, "web").outcome == "pass"


def test_a_host_that_is_not_among_the_facts() -> None:
    pool = pool_with_vm()
    vm(pool, "web")["resident_on"] = NULL
    assert outcome(raw_of(pool), CHECK, "web").outcome == "not-verified"


@pytest.mark.parametrize("state", ["Halted", "Suspended"])
def test_who_is_on_no_host(state: str) -> None:
    pool = small_pool()
    add_vm(pool, "web", power_state=state, disks=[("local", 1)], suspend_sr="san")
    assert outcome(raw_of(pool), CHECK, "web").outcome == "not-applicable"


def test_other_methods_and_one_host() -> None:
    pool = pool_with_vm(disks=[("local", 1)])
    pool.settings["method"] = "standalone"
    assert outcome(raw_of(pool), CHECK, "web").outcome == "not-applicable"
    alone = small_pool(hosts=HOSTS[:1])
    add_vm(alone, "web", host="alpha")
    assert outcome(raw_of(alone), CHECK, "web").outcome == "not-applicable"


def test_judged_once_per_pool_and_not_by_another() -> None:
    one, other = pool_with_vm(), pool_with_vm()
    unplug(other, "san", "gamma")
    assert not judge_evacuation(vm_of(raw_of(one, answers=False), one, "web")).computed
    assert judge_evacuation(vm_of(raw_of(other, answers=False), other, "web")).computed


def test_a_sure_obstacle_outranks_what_is_not_known() -> None:
    pool = pool_with_vm(disks=[("local", 1)])
    for name in ("host_metrics", "VM_metrics", "PIF", "VM_guest_metrics"):
        raw = without_class(raw_of(pool, answers=False), name)
        assert outcome(raw, CHECK, "web").outcome == "blocked", name
