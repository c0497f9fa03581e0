"""Pools in which something prevents the evacuation of a VM, and ways to judge them."""

from collections.abc import Callable
from typing import Any

from fixtures.raw import RawAnswer
from selftests.vm_judging import (
    CPU,
    EVACUATION,
    outcome,
    raw_of,
    small_pool,
    with_answer,
)
from simpool.builder import (
    NULL,
    add_record,
    add_vm,
    host,
    pool_record,
    ref_of,
    vm,
)
from simpool.data import SimPool

CHECK = "VM-EVACUATE-01"
START = "VM web: evacuation - expected: can move to every other host, found: "


def pool_with_vm(release: str = "7.2", **fields: Any) -> SimPool:
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


def computed(pool: SimPool) -> tuple[str, str]:
    judged = outcome(raw_of(pool, answers=False), CHECK, "web")
    return judged.outcome, judged.message or judged.cause


def answered(pool: SimPool, *description: str) -> tuple[str, str]:
    """With xapi's answer for alpha: the VM prevented by a code, or nobody."""
    alpha = ref_of(pool, "host", "alpha")
    value = {ref_of(pool, "VM", "web"): list(description)} if description else {}
    judged = outcome(with_answer(raw_of(pool), EVACUATION, alpha, RawAnswer(value)), CHECK, "web")
    return judged.outcome, judged.message or judged.cause


def metrics(pool: SimPool) -> dict[str, Any]:
    return pool.records["VM_metrics"][vm(pool, "web")["metrics"]]


def guest(pool: SimPool) -> dict[str, Any]:
    return pool.records["VM_guest_metrics"][vm(pool, "web")["guest_metrics"]]


def disk(pool: SimPool) -> dict[str, Any]:
    return next(i for i in pool.records["VDI"].values() if i["name_label"] == "web 0")


def unplug(pool: SimPool, sr: str, name: str) -> None:
    pair = (ref_of(pool, "SR", sr), ref_of(pool, "host", name))
    for pbd in pool.records["PBD"].values():
        if (pbd["SR"], pbd["host"]) == pair:
            pbd["currently_attached"] = False


def leave_network(pool: SimPool, name: str) -> None:
    gone = ref_of(pool, "host", name)
    pifs = pool.records["PIF"]
    for ref in [r for r, pif in pifs.items() if pif["host"] == gone]:
        del pifs[ref]


def other_processor(pool: SimPool) -> None:
    host(pool, "gamma")["cpu_info"]["vendor"] = "AuthenticAMD"


def fewer_features(pool: SimPool) -> None:
    features = "7ffefbff-bfebfbff-00000121-2c100800-001cbfba"
    host(pool, "gamma")["cpu_info"].update(features_hvm=features)


Change = Callable[[SimPool], object]

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
