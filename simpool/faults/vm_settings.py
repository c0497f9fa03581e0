"""What can be wrong with the settings of VMs."""

from typing import Final

from simpool.builder import GIB, add_cd, add_disk, add_sr, pool_record, ref_of, vm, wire
from simpool.data import SimPool
from simpool.faults.fault import Fault

SAN: Final = "iSCSI array"
NETWORK: Final = "Servers"


def _image(pool: SimPool, name: str) -> str:
    images = pool.records["VDI"].items()
    return next(ref for ref, image in images if image["name_label"] == name)


def _forget_tools_iso(pool: SimPool) -> None:
    add_cd(pool, "v" * 255, _image(pool, "xs-tools.iso"))


def _tools_iso_in_running(pool: SimPool) -> None:
    add_cd(pool, "web-01", _image(pool, "xs-tools.iso"))


def _shared_iso(pool: SimPool) -> None:
    add_cd(pool, "web-01", _image(pool, "debian-8.8.0-amd64-netinst.iso"))


def _local_iso(pool: SimPool) -> None:
    add_sr(pool, "ISOs of xen-02", "iso", shared=False, hosts=["xen-02"], size_gib=20)
    add_cd(pool, "web-01", add_disk(pool, "rescue.iso", "ISOs of xen-02", 1, read_only=True))


def _lose_empty(pool: SimPool) -> None:
    owner = ref_of(pool, "VM", "web-02")
    for drive in pool.records["VBD"].values():
        if drive["VM"] == owner and drive["type"] == "CD":
            del drive["empty"]


def _start_by_itself(pool: SimPool) -> None:
    pool_record(pool)["other_config"]["auto_poweron"] = "true"
    vm(pool, "mail-01")["other_config"]["auto_poweron"] = "true"


def _lose_other_config(pool: SimPool) -> None:
    del vm(pool, "mail-01")["other_config"]


def _paravirtualise(pool: SimPool) -> None:
    vm(pool, "v" * 255)["HVM_boot_policy"] = ""


def _paravirtualise_in_pvh(pool: SimPool) -> None:
    vm(pool, "gitea")["domain_type"] = "pv_in_pvh"


def _lose_boot_policy(pool: SimPool) -> None:
    del vm(pool, "web-02")["HVM_boot_policy"]


def _odd_cores(pool: SimPool) -> None:
    vm(pool, "db-01")["platform"]["cores-per-socket"] = "3"


def _many_sockets(pool: SimPool) -> None:
    vm(pool, "v" * 255)["VCPUs_max"] = wire(32)


def _lose_platform(pool: SimPool) -> None:
    del vm(pool, "web-02")["platform"]


def _squeeze(pool: SimPool) -> None:
    vm(pool, "mail-01")["memory_dynamic_min"] = wire(4 * GIB)


def _lose_dynamic(pool: SimPool) -> None:
    del vm(pool, "web-02")["memory_dynamic_max"]


def _copy_disk(pool: SimPool) -> None:
    image = pool.records["VDI"][_image(pool, "mail-01 0")]
    image["current_operations"] = {"OpaqueRef:task": "copy"}


def _export(pool: SimPool) -> None:
    vm(pool, "v" * 255)["current_operations"] = {"OpaqueRef:task": "export"}


def _lose_operations(pool: SimPool) -> None:
    del pool.records["VDI"][_image(pool, "web-02 0")]["current_operations"]


def _without_device(pool: SimPool) -> None:
    del vm(pool, "dc-02")["platform"]["device_id"]


def _await_restart(pool: SimPool) -> None:
    vm(pool, "gitea")["pending_guidances"] = ["restart_device_model"]


def _await_full(pool: SimPool) -> None:
    vm(pool, "gitea")["pending_guidances_full"] = ["restart_vm"]


def _lose_guidance(pool: SimPool) -> None:
    del vm(pool, "proxy")["pending_guidances_recommended"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="VM-CD-01",
        change=_forget_tools_iso,
        on="v" * 255,
        finds=f"VM {'v' * 255}: CD drive - expected: empty, found: the tools ISO",
        loss=_lose_empty,
        cause="field empty is missing from what was read",
        outcome="warning",
        needs=("VM.power_state", "VBD.VM", "VBD.type", "VBD.empty", "VBD"),
        tells=("story-02",),
    ),
    Fault(
        check="VM-CD-01",
        change=_tools_iso_in_running,
        on="web-01",
        finds="VM web-01: CD drive - expected: empty, found: the tools ISO",
        tells=("xencenter-V03",),
    ),
    Fault(
        check="VM-CD-01",
        change=_local_iso,
        on="web-01",
        finds="VM web-01: CD drive - expected: empty, found: rescue.iso of SR ISOs of xen-02, "
        "which is not shared",
        also=("VM-AGILE-01", "VM-EVACUATE-01"),
        tells=("xencenter-V04",),
    ),
    Fault(
        check="VM-CD-01",
        change=_shared_iso,
        on="web-01",
        finds="VM web-01: CD drive - expected: empty, found: debian-8.8.0-amd64-netinst.iso of "
        "SR ISO library",
        outcome="warning",
    ),
    Fault(
        check="VM-AUTOSTART-01",
        change=_start_by_itself,
        on="mail-01",
        finds="VM mail-01: autostart - expected: off, found: on for pool and VM",
        loss=_lose_other_config,
        cause="field other_config is missing from what was read",
        outcome="warning",
        needs=("VM.other_config", "pool.other_config"),
        tells=("story-04", "xencenter-V02", "xo-gate-13"),
    ),
    Fault(
        check="VM-PV-01",
        change=_paravirtualise,
        on="v" * 255,
        finds=f"VM {'v' * 255}: type - expected: HVM, found: paravirtualised (pv); XenServer 8: "
        "paravirtualised guests do not start any more",
        loss=_lose_boot_policy,
        cause="field HVM_boot_policy is missing from what was read",
        needs=("VM.HVM_boot_policy",),
        tells=("story-16", "xencenter-P06"),
        settings={"target": "xenserver-8"},
    ),
    Fault(
        check="VM-PV-01",
        change=_paravirtualise_in_pvh,
        on="gitea",
        finds="VM gitea: type - expected: HVM, found: paravirtualised (pv_in_pvh); XCP-ng 8.3: "
        "paravirtualised guests, 32 and 64 bit, do not start and cannot even move to an upgraded "
        "host",
        tells=("story-16",),
        pool="xcpng83",
    ),
    Fault(
        check="VM-VCPU-01",
        change=_odd_cores,
        on="db-01",
        finds="VM db-01: vCPUs - expected: whole sockets, 16 at most, found: 8 vCPUs with 3 cores "
        "per socket, no whole number of sockets",
        loss=_lose_platform,
        cause="field platform is missing from what was read",
        needs=("VM.platform", "VM.VCPUs_max"),
        tells=("xencenter-V01",),
    ),
    Fault(
        check="VM-VCPU-01",
        change=_many_sockets,
        on="v" * 255,
        finds=f"VM {'v' * 255}: vCPUs - expected: whole sockets, 16 at most, found: 32 vCPUs with "
        "1 cores per socket, 32 sockets",
        tells=("xencenter-V01",),
    ),
    Fault(
        check="VM-MEMORY-01",
        change=_squeeze,
        on="mail-01",
        finds="VM mail-01: dynamic minimum - expected: at least 50 % of its dynamic maximum, "
        "found: 25 %",
        loss=_lose_dynamic,
        cause="field memory_dynamic_max is missing from what was read",
        outcome="warning",
        needs=("VM.power_state", "VM.memory_dynamic_min", "VM.memory_dynamic_max"),
        tells=("story-12",),
    ),
    Fault(
        check="VM-BUSY-01",
        change=_copy_disk,
        on="mail-01",
        finds="VM mail-01: operations - expected: none, found: copy of mail-01 0",
        loss=_lose_operations,
        cause="field current_operations is missing from what was read",
        outcome="warning",
        needs=(
            "VM.current_operations",
            "VBD.current_operations",
            "VBD.VM",
            "VBD.VDI",
            "VBD.empty",
            "VDI.current_operations",
            "VBD",
            "VDI",
        ),
        tells=("story-79",),
    ),
    Fault(
        check="VM-BUSY-01",
        change=_export,
        on="v" * 255,
        finds=f"VM {'v' * 255}: operations - expected: none, found: export of the VM",
        outcome="warning",
        tells=("xo-gate-01",),
    ),
    Fault(
        check="VM-DEVICE-01",
        change=_without_device,
        on="dc-02",
        finds="VM dc-02: platform device id - expected: stated, found: none",
        loss=_lose_platform,
        cause="field platform is missing from what was read",
        outcome="warning",
        needs=("VM.power_state", "VM.HVM_boot_policy", "VM.platform"),
        tells=("story-11",),
    ),
    Fault(
        check="VM-GUIDANCE-01",
        change=_await_restart,
        on="gitea",
        finds="VM gitea: guidance - expected: none pending, found: restart_device_model",
        loss=_lose_guidance,
        cause="field pending_guidances_recommended is missing from what was read",
        outcome="warning",
        needs=(
            "VM.power_state",
            "VM.pending_guidances",
            "VM.pending_guidances_recommended",
            "VM.pending_guidances_full",
        ),
        tells=("xo-gate-09",),
        pool="xcpng83",
    ),
    Fault(
        check="VM-GUIDANCE-01",
        change=_await_full,
        on="gitea",
        finds="VM gitea: guidance - expected: none pending, found: restart_vm",
        outcome="warning",
        pool="xcpng83",
    ),
)
