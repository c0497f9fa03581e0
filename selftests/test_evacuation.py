"""VM-EVACUATE-01: computed, as xapi answered, and the two compared."""

from collections.abc import Callable
from typing import Any

import pytest

from fixtures.raw import RawAnswer
from rules.evacuation import judge_evacuation
from rules.evacuation_codes import explain
from selftests.vm_judging import (
    CPU,
    EVACUATION,
    HOSTS,
    outcome,
    outcomes,
    raw_of,
    small_pool,
    vm_of,
    with_answer,
    without_class,
)
from simpool.builder import (
    NULL,
    add_disk,
    add_network,
    add_record,
    add_sr,
    add_vm,
    find,
    host,
    pool_record,
    ref_of,
    vm,
)
from simpool.clock import TimedPool

CHECK = "VM-EVACUATE-01"
START = "VM web: evacuation - expected: can move to every other host, found: "


def pool_with_vm(release: str = "7.2", **fields: Any) -> TimedPool:
    pool = small_pool(release)
    given = {
        "host": "alpha",
        "disks": [("san", 10)],
        "networks": ["lan"],
        "last_boot_CPU_flags": CPU,
        **fields,
    }
    add_vm(pool, "web", **given)
    return pool


def computed(pool: TimedPool) -> tuple[str, str]:
    judged = outcome(raw_of(pool, answers=False), CHECK, "web")
    return judged.outcome, judged.message or judged.cause


def answered(pool: TimedPool, *description: str) -> tuple[str, str]:
    """With xapi's answer for alpha: the VM prevented by a code, or nobody."""
    alpha = ref_of(pool, "host", "alpha")
    value = {ref_of(pool, "VM", "web"): list(description)} if description else {}
    judged = outcome(with_answer(raw_of(pool), EVACUATION, alpha, RawAnswer(value)), CHECK, "web")
    return judged.outcome, judged.message or judged.cause


def metrics(pool: TimedPool) -> dict[str, Any]:
    return pool.records["VM_metrics"][vm(pool, "web")["metrics"]]


def guest(pool: TimedPool) -> dict[str, Any]:
    return pool.records["VM_guest_metrics"][vm(pool, "web")["guest_metrics"]]


def disk(pool: TimedPool) -> dict[str, Any]:
    return next(i for i in pool.records["VDI"].values() if i["name_label"] == "web 0")


def unplug(pool: TimedPool, sr: str, name: str) -> None:
    pair = (ref_of(pool, "SR", sr), ref_of(pool, "host", name))
    for pbd in pool.records["PBD"].values():
        if (pbd["SR"], pbd["host"]) == pair:
            pbd["currently_attached"] = False


def leave_network(pool: TimedPool, name: str) -> None:
    gone = ref_of(pool, "host", name)
    pifs = pool.records["PIF"]
    for ref in [r for r, pif in pifs.items() if pif["host"] == gone]:
        del pifs[ref]


def other_processor(pool: TimedPool) -> None:
    host(pool, "gamma")["cpu_info"]["vendor"] = "AuthenticAMD"


def fewer_features(pool: TimedPool) -> None:
    features = "7ffefbff-bfebfbff-00000121-2c100800-001cbfba"
    host(pool, "gamma")["cpu_info"].update(features_hvm=features)


Change = Callable[[TimedPool], object]

PREVENTED: tuple[tuple[str, Change, str], ...] = (
    (
        "OPERATION_BLOCKED",
        lambda p: vm(p, "web").update(blocked_operations={"pool_migrate": "no"}),
        "somebody has blocked its migration (blocked_operations, pool_migrate: no)",
    ),
    (
        "VM_BAD_POWER_STATE",
        lambda p: vm(p, "web").update(power_state="Paused"),
        "it is paused, and only a running VM can move",
    ),
    (
        "OTHER_OPERATION_IN_PROGRESS",
        lambda p: vm(p, "web").update(current_operations={"OpaqueRef:t": "snapshot"}),
        "another operation is in progress on it: snapshot",
    ),
    (
        "VM_IS_IMMOBILE",
        lambda p: metrics(p).update(nomigrate=True),
        "it is set not to migrate, or uses nested virtualisation",
    ),
    (
        "VM_LACKS_FEATURE",
        lambda p: vm(p, "web").update(guest_metrics=NULL),
        "its guest tools do not say that it can be suspended",
    ),
    (
        "VM_LACKS_FEATURE",
        lambda p: guest(p).update(PV_drivers_version={}, other={}),
        "its guest tools do not say that it can be suspended",
    ),
    (
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
        lambda p: disk(p).update(sm_config={"on_boot": "reset", "caching": "true"}),
        "a cached disk of it is reset at every boot (IntelliCache)",
    ),
    (
        "VM_HAS_PCI_ATTACHED",
        lambda p: vm(p, "web").update(attached_PCIs=[next(iter(p.records["PCI"]))]),
        "a PCI device of its host is passed through to it",
    ),
    (
        "VM_HAS_VGPU",
        lambda p: add_record(p, "VGPU", "g", {"VM": ref_of(p, "VM", "web"), "device": "0"}),
        "it has a virtual GPU that cannot move",
    ),
    (
        "VM_REQUIRES_SR",
        lambda p: unplug(p, "san", "gamma"),
        "a disk is on SR san, which is not attached on every other host (not on gamma)",
    ),
    (
        "VM_REQUIRES_NETWORK",
        lambda p: leave_network(p, "beta"),
        "it is on network lan, which not every other host has (not beta)",
    ),
    (
        "VM_INCOMPATIBLE_WITH_THIS_HOST",
        other_processor,
        (
            "the processors of host gamma do not offer what it was started with: "
            "made by AuthenticAMD, not GenuineIntel"
        ),
    ),
    (
        "VM_INCOMPATIBLE_WITH_THIS_HOST",
        fewer_features,
        (
            "the processors of host gamma do not offer what it was started with: "
            "they lack features that the VM uses"
        ),
    ),
    (
        "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION",
        lambda p: vm(p, "web").update(hardware_platform_version="3"),
        "host beta does not offer its virtual hardware platform version",
    ),
    (
        "VM_HVM_REQUIRED",
        lambda p: host(p, "gamma").update(capabilities=["xen-3.0-x86_64"]),
        "another host has no hardware virtualisation (VT-x or AMD-V is off)",
    ),
    (
        "MEMORY_CONSTRAINT_VIOLATION",
        lambda p: vm(p, "web").update(memory_static_min=str(3 * 1024**3)),
        "its memory limits contradict each other",
    ),
    (
        "INVALID_VALUE",
        lambda p: vm(p, "web").update(VCPUs_at_startup="4"),
        "its settings are not valid: VCPUs_at_startup",
    ),
    (
        "NO_HOSTS_AVAILABLE",
        lambda p: [host(p, name).update(enabled=False) for name in ("beta", "gamma")],
        "there is no other enabled host of the same or a newer version to take it",
    ),
    (
        "HOST_NOT_ENOUGH_FREE_MEMORY",
        lambda p: vm(p, "web").update(
            memory_static_max=str(2**38),
            memory_dynamic_max=str(2**38),
            memory_dynamic_min=str(2**38),
        ),
        "the other hosts do not have enough free memory for it",
    ),
    (
        "HOST_EVACUATE_VM_NOT_HA_PROTECTED",
        lambda p: pool_record(p).update(ha_enabled=True),
        "HA is on and does not protect this VM",
    ),
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


@pytest.mark.parametrize(("code", "change", "words"), PREVENTED)
def test_xapi_disagrees_with_what_was_computed(code: str, change: Change, words: str) -> None:
    pool = pool_with_vm()
    change(pool)
    said = f"{START}xapi says that it can move, but by the facts {words}"
    assert answered(pool) == ("warning", said)


def test_xapi_wins_with_its_no() -> None:
    pool = pool_with_vm()
    web, san = ref_of(pool, "VM", "web"), ref_of(pool, "SR", "san")
    assert answered(pool, "VM_REQUIRES_SR", web, san) == (
        "blocked",
        (
            f"{START}a disk is on SR san, which is not attached on every other host "
            "(so says xapi; the facts show no reason)"
        ),
    )


def test_agreement_is_said_once() -> None:
    pool = pool_with_vm()
    unplug(pool, "san", "gamma")
    web, san = ref_of(pool, "VM", "web"), ref_of(pool, "SR", "san")
    said = "a disk is on SR san, which is not attached on every other host (not on gamma)"
    assert answered(pool, "VM_REQUIRES_SR", web, san) == ("blocked", START + said)


def test_what_else_stands_in_the_way_is_said_too() -> None:
    pool = pool_with_vm()
    unplug(pool, "san", "gamma")
    metrics(pool).update(nomigrate=True)
    found = answered(pool, "VM_IS_IMMOBILE", ref_of(pool, "VM", "web"))
    assert found[1].startswith(f"{START}it is set not to migrate, or uses nested virtualisation; a")


@pytest.mark.parametrize(
    "description", [("NEW_CODE_OF_XAPI", "x"), ("",), ("VM_REQUIRES_SR",), ("HOST_NOT_LIVE",)]
)
def test_every_answer_counts(description: tuple[str, ...]) -> None:
    assert answered(pool_with_vm(), *description)[0] == "blocked"


def test_an_unknown_code_is_printed_raw_with_names() -> None:
    pool = pool_with_vm()
    found = answered(pool, "NEW_CODE", ref_of(pool, "VM", "web"), ref_of(pool, "host", "beta"), "7")
    assert found[1] == (
        f"{START}xapi says NEW_CODE beta 7 (so says xapi; the facts show no reason)"
    )


def test_an_answer_without_a_code_prevents() -> None:
    pool = pool_with_vm()
    alpha, web = ref_of(pool, "host", "alpha"), ref_of(pool, "VM", "web")
    raw = with_answer(raw_of(pool), EVACUATION, alpha, RawAnswer({web: []}))
    assert outcome(raw, CHECK, "web").outcome == "blocked"


def test_memory_code_is_attributed_to_ha() -> None:
    pool = pool_with_vm()
    pool_record(pool)["ha_enabled"] = True
    web = ref_of(pool, "VM", "web")
    words = "HA is on and does not protect this VM"
    assert words in answered(pool, "HOST_NOT_ENOUGH_FREE_MEMORY", web)[1]
    assert "enough free memory" not in answered(pool, "HOST_NOT_ENOUGH_FREE_MEMORY", web)[1]
    vm(pool, "web").update(ha_always_run=True, ha_restart_priority="restart")
    assert "enough free memory" in answered(pool, "HOST_NOT_ENOUGH_FREE_MEMORY", web)[1]


def test_memory_in_numbers() -> None:
    found = answered(pool_with_vm(), "HOST_NOT_ENOUGH_FREE_MEMORY", str(2**31), str(2**30))
    assert "it needs 2048 MiB, another host has 1024 MiB free" in found[1]


def test_the_cd_is_named_as_such() -> None:
    pool = pool_with_vm()
    add_sr(pool, "dvd", "udev", shared=False, hosts=["alpha"])
    image = add_disk(pool, "game", "dvd", 1)
    web = ref_of(pool, "VM", "web")
    drives = (d for d in pool.records["VBD"].values() if d["VM"] == web and d["type"] == "CD")
    next(drives).update(VDI=image, empty=False)
    words = "the CD in its drive is on SR dvd, which is local to its host (not on beta, gamma)"
    assert computed(pool) == ("blocked", START + words)


def test_whom_memory_leaves_over_is_xapis_choice() -> None:
    pool = pool_with_vm(memory_gib=100)
    for number in range(3):
        add_vm(pool, f"big-{number}", host="alpha", memory_gib=100, last_boot_CPU_flags=CPU)
    alpha = ref_of(pool, "host", "alpha")
    left_over = {name for name, o in outcomes(raw_of(pool, answers=False), CHECK).items()
                 if o.outcome == "blocked"}  # fmt: skip
    assert len(left_over) == 2
    kept = ({"web", "big-0", "big-1", "big-2"} - left_over).pop()
    answer = RawAnswer(
        {ref_of(pool, "VM", kept): ["HOST_NOT_ENOUGH_FREE_MEMORY", ref_of(pool, "VM", kept)]}
    )
    judged = outcomes(with_answer(raw_of(pool), EVACUATION, alpha, answer), CHECK)
    assert {name for name, o in judged.items() if o.outcome != "pass"} == {kept}


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


@pytest.mark.parametrize(
    "answer",
    [
        RawAnswer(cause="60 s without an answer"),
        RawAnswer(error=("RBAC_PERMISSION_DENIED", "x")),
        RawAnswer(["not a map"]),
        RawAnswer({"OpaqueRef:x": "not a list"}),
    ],
)
def test_a_failed_question_falls_back_on_the_facts(answer: RawAnswer) -> None:
    pool = pool_with_vm()
    raw = with_answer(raw_of(pool), EVACUATION, ref_of(pool, "host", "alpha"), answer)
    assert outcome(raw, CHECK, "web").outcome == "pass"
    vm(pool, "web")["last_boot_CPU_flags"] = {}
    raw = with_answer(raw_of(pool), EVACUATION, ref_of(pool, "host", "alpha"), answer)
    assert outcome(raw, CHECK, "web").outcome == "not-verified"


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


def test_hostile_answers_stay_bounded() -> None:
    pool = pool_with_vm()
    web = vm_of(raw_of(pool), pool, "web")
    found = explain(web, ("X" * 10**6, "y" * 10**6))
    assert len(found.words) < 1000


def test_words_never_show_a_reference_of_a_known_object() -> None:
    pool = pool_with_vm()
    web = vm_of(raw_of(pool), pool, "web")
    refs = [find(pool, kind, name)[0] for kind, name in
            (("SR", "san"), ("network", "lan"), ("host", "beta"))]  # fmt: skip
    for code in ("VM_REQUIRES_SR", "VM_REQUIRES_NETWORK", "HOST_DISABLED", "VM_REQUIRES_IOMMU",
                 "HOST_CANNOT_ATTACH_NETWORK", "OPERATION_NOT_ALLOWED", "SOMETHING_NEW",
                 "VM_INCOMPATIBLE_WITH_THIS_HOST", "INVALID_VALUE"):  # fmt: skip
        for ref in refs:
            assert "OpaqueRef" not in explain(web, (code, web.ref, ref)).words


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
