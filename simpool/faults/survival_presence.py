"""What was there before the upgrade and is lost, or is new; SRs that are no longer reached."""

from simpool.builder import add_sr, add_vm, find, ref_of
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.faults.survival_baseline import pool_then, then, there_was
from simpool.faults.vms import NETWORK, SAN

UPGRADED = "upgraded"
LUN = "3600a098038303053742b4a6f7a4b3144"
FABRIC = "Fibre Channel array"
_BEFORE = "expected: all of before the upgrade, found: lost"


def _forget_a_host(pool: SimPool) -> None:
    there_was(pool, "host", "xen-03", "xen-04", hostname="xen-04")


def _lose_baseline(pool: SimPool) -> None:
    del pool.inputs["baseline"]


def _baseline_of_after(pool: SimPool) -> None:
    pool.inputs["baseline"]["settings"]["phase"]["value"] = "after"


def _baseline_of_another_pool(pool: SimPool) -> None:
    pool_then(pool)["uuid"] = "9e0f7a3c-5d0a-4c64-9f6e-0d2f4b6a8c10"
    for record in then(pool, "host").values():
        record["uuid"] = record["uuid"][::-1]


def _forget_a_vm(pool: SimPool) -> None:
    there_was(pool, "VM", "mail-01", "crm-01")


def _turn_into_a_template(pool: SimPool) -> None:
    add_vm(pool, "crm-01", host="xen-01", disks=[(SAN, 8)], networks=[NETWORK])
    ref, record = find(pool, "VM", "crm-01")
    then(pool, "VM")[ref] = dict(record)
    record["is_a_template"] = True


def _erase_a_local_sr(pool: SimPool) -> None:
    there_was(pool, "SR", "Local storage of xen-03", "Second disk of xen-03")


def _forget_a_library(pool: SimPool) -> None:
    there_was(pool, "SR", "ISO library", "Old ISO library")


def _forget_a_network(pool: SimPool) -> None:
    there_was(pool, "network", "DMZ", "Backup", bridge="xapi9")


def _forget_a_template(pool: SimPool) -> None:
    there_was(pool, "VM", "web server, golden image", "database, golden image")


def _add_a_vm(pool: SimPool) -> None:
    add_vm(pool, "monitoring", host="xen-01", disks=[(SAN, 8)], networks=[NETWORK])


def _detach(pool: SimPool) -> None:
    sr = ref_of(pool, "SR", "Local storage of xen-02")
    for pbd in pool.records["PBD"].values():
        if pbd["SR"] == sr:
            pbd["currently_attached"] = False


def _detach_library(pool: SimPool) -> None:
    sr, on = ref_of(pool, "SR", "ISO library"), ref_of(pool, "host", "xen-03")
    for ref, pbd in list(pool.records["PBD"].items()):
        if (pbd["SR"], pbd["host"]) == (sr, on):
            del pool.records["PBD"][ref]


def _lose_a_connection(pool: SimPool) -> None:
    del next(iter(pool.records["PBD"].values()))["currently_attached"]


def _halve_paths(pool: SimPool) -> None:
    sr = add_sr(pool, FABRIC, "lvmohba", shared=True, device_config={"SCSIid": LUN})
    then(pool, "SR")[sr] = dict(pool.records["SR"][sr])
    for ref, pbd in pool.records["PBD"].items():
        if pbd["SR"] == sr:
            pbd["other_config"] = {"multipathed": "true", f"mpath-{LUN}": "[2, 2]"}
            four = {"multipathed": "true", f"mpath-{LUN}": "[4, 4]"}
            then(pool, "PBD")[ref] = pbd | {"other_config": four}


def _stop_counting(pool: SimPool) -> None:
    sr = ref_of(pool, "SR", SAN)
    for ref, pbd in pool.records["PBD"].items():
        if pbd["SR"] == sr:
            four = {"multipathed": "true", f"mpath-{LUN}": "[4, 4]"}
            then(pool, "PBD")[ref]["other_config"] = four
            pbd["other_config"] = {"multipathed": "true"}


def _lose_vm_uuid(pool: SimPool) -> None:
    del find(pool, "VM", "mail-01")[1]["uuid"]


def _lose_srs(pool: SimPool) -> None:
    del find(pool, "SR", "ISO library")[1]["uuid"]


def _lose_networks(pool: SimPool) -> None:
    del pool.records["network"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="AFTER-HOSTS-01",
        pool=UPGRADED,
        change=_forget_a_host,
        on="default",
        finds=f"pool default: hosts - {_BEFORE} xen-04",
        loss=_lose_baseline,
        cause="no --baseline was given",
        needs=("host.uuid",),
    ),
    Fault(
        check="AFTER-HOSTS-01",
        pool=UPGRADED,
        change=_baseline_of_after,
        on="default",
        finds="the baseline was itself made after the upgrade (--phase=after)",
        outcome="not-verified",
    ),
    Fault(
        check="AFTER-HOSTS-01",
        pool=UPGRADED,
        change=_baseline_of_another_pool,
        on="default",
        finds="the baseline is of another pool",
        outcome="not-verified",
    ),
    Fault(
        check="AFTER-VMS-01",
        pool=UPGRADED,
        change=_forget_a_vm,
        on="default",
        finds=f"pool default: VMs - {_BEFORE} crm-01",
        loss=_lose_vm_uuid,
        cause="uuid is missing",
        needs=("VM", "VM.uuid", "VM.is_a_template"),
    ),
    Fault(
        check="AFTER-VMS-01",
        pool=UPGRADED,
        change=_turn_into_a_template,
        on="default",
        finds=f"pool default: VMs - {_BEFORE} crm-01",
    ),
    Fault(
        check="AFTER-SRS-01",
        pool=UPGRADED,
        change=_erase_a_local_sr,
        on="default",
        finds=f"pool default: SRs - {_BEFORE} Second disk of xen-03",
        loss=_lose_srs,
        cause="uuid is missing",
        needs=("SR", "SR.uuid"),
    ),
    Fault(
        check="AFTER-SRS-01",
        pool=UPGRADED,
        change=_forget_a_library,
        on="default",
        finds=f"pool default: SRs - {_BEFORE} Old ISO library",
        outcome="warning",
    ),
    Fault(
        check="AFTER-NETWORKS-01",
        pool=UPGRADED,
        change=_forget_a_network,
        on="default",
        finds=f"pool default: networks - {_BEFORE} Backup",
        outcome="warning",
        loss=_lose_networks,
        cause="network records are not known",
        needs=("network", "network.uuid"),
    ),
    Fault(
        check="AFTER-TEMPLATES-01",
        pool=UPGRADED,
        change=_forget_a_template,
        on="default",
        finds=f"pool default: own templates - {_BEFORE} database, golden image",
        outcome="warning",
        loss=_lose_vm_uuid,
        cause="uuid is missing",
        needs=("VM", "VM.uuid"),
    ),
    Fault(
        check="AFTER-NEW-01",
        pool=UPGRADED,
        change=_add_a_vm,
        on="default",
        finds=(
            "pool default: objects - expected: those of before the upgrade, "
            "found: new VM monitoring"
        ),
        outcome="info",
        loss=_lose_vm_uuid,
        cause="uuid is missing",
        needs=("VM", "VM.uuid", "SR", "SR.uuid"),
    ),
    Fault(
        check="AFTER-SR-ATTACHED-01",
        pool=UPGRADED,
        change=_detach,
        on="Local storage of xen-02",
        finds=(
            "SR Local storage of xen-02: attached - expected: as before the upgrade, "
            "found: no longer on xen-02"
        ),
        loss=_lose_a_connection,
        cause="currently_attached is missing",
        needs=("PBD", "PBD.currently_attached", "PBD.SR", "PBD.host"),
    ),
    Fault(
        check="AFTER-SR-ATTACHED-01",
        pool=UPGRADED,
        change=_detach_library,
        on="ISO library",
        finds=(
            "SR ISO library: attached - expected: as before the upgrade, found: no longer on xen-03"
        ),
        outcome="warning",
    ),
    Fault(
        check="AFTER-SR-PATHS-01",
        pool=UPGRADED,
        change=_halve_paths,
        on=FABRIC,
        finds=(
            f"SR {FABRIC}: paths - expected: as before the upgrade, found: "
            f"2 instead of 4 paths to {LUN} on xen-01, 2 instead of 4 paths to {LUN} on xen-02, "
            f"2 instead of 4 paths to {LUN} on xen-03"
        ),
        outcome="warning",
        loss=_stop_counting,
        cause="no paths were counted",
        needs=("PBD.other_config",),
    ),
)
