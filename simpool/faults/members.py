"""Further stories of members that differ, lag, or are not what the target wants."""

from simpool.builder import add_sr, add_vm, change_dom0, host, pool_record, ref_of
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.faults.vms import NETWORK, SAN


def _other_schema(pool: SimPool) -> None:
    host(pool, "xen-02")["software_version"]["db_schema"] = "5.121"


def _member_ahead(pool: SimPool) -> None:
    host(pool, "xen-02")["software_version"]["platform_version"] = "2.5.0"


def _dead(pool: SimPool) -> None:
    pool.records["host_metrics"][host(pool, "xen-02")["metrics"]]["live"] = False


def _coordinator_waits(pool: SimPool) -> None:
    waiting = pool.records["host"][pool_record(pool)["master"]]["updates_requiring_reboot"]
    waiting.append(ref_of(pool, "pool_update", "XS72E004"))


def _no_migration(pool: SimPool) -> None:
    host(pool, "xen-02")["license_params"]["restrict_xen_motion"] = "true"


def _no_wizard(pool: SimPool) -> None:
    host(pool, "xen-02")["license_params"]["restrict_rpu"] = "true"


def _void_edition(pool: SimPool) -> None:
    host(pool, "xen-02")["edition"] = "desktop"


def _small_disk_for_switch(pool: SimPool) -> None:
    change_dom0(pool, "xen-03", layout="B", efi=False, safe2upgrade=True, disk_bytes=42_949_672_960)


def _stub_saved(pool: SimPool) -> None:
    pool.inputs["database_backup"]["missing_tables"] = ["host", "VM"]


def _fcoe(pool: SimPool) -> None:
    add_sr(pool, "FCoE array", "lvmofcoe", shared=True, size_gib=512)


def _gone_type(pool: SimPool) -> None:
    add_sr(pool, "StorageLink array", "cslg", shared=True, size_gib=512)


def _no_pbd(pool: SimPool) -> None:
    sr = add_sr(pool, "Scratch on NFS", "nfs", shared=True, size_gib=64)
    on = ref_of(pool, "host", "xen-03")
    for ref, pbd in list(pool.records["PBD"].items()):
        if (pbd["SR"], pbd["host"]) == (sr, on):
            del pool.records["PBD"][ref]


def _older_target(pool: SimPool) -> None:
    pool.settings["target"] = "xenserver-7.1"


def _after(pool: SimPool) -> None:
    pool.settings["phase"] = "after"


def _tools_lost(pool: SimPool) -> None:
    pool.settings["phase"] = "after"
    add_vm(pool, "plotter", host="xen-02", disks=[(SAN, 8)], networks=[NETWORK], tools=False)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-VERSION-01",
        change=_other_schema,
        on="xen-02",
        finds="host xen-02: version - expected: db_schema 5.120, found: db_schema 5.121",
        tells=("story-48",),
    ),
    Fault(
        check="POOL-RPU-01",
        change=_member_ahead,
        on="default",
        finds=(
            "pool default: rolling upgrade - expected: none in progress, found: 1 of 3 hosts "
            "of another version than the coordinator; impossible until it ends: VM snapshot, "
            "checkpoint and revert (snapshot-based backups fail), export of metadata, "
            "configuration changes of halted VMs, migration back to a host that is not "
            "upgraded yet, SR creation, clustering and rotation of the pool secret"
        ),
        tells=("story-47",),
    ),
    Fault(
        check="HOST-LIVE-01",
        change=_dead,
        on="xen-02",
        finds=(
            "host xen-02: state - expected: live, enabled, not in maintenance mode, found: not live"
        ),
        tells=("xo-gate-14", "xapi-host-live"),
    ),
    Fault(
        check="HOST-REBOOT-01",
        change=_coordinator_waits,
        on="xen-01",
        finds="host xen-01: restart - expected: none pending, found: reboot for XS72E004",
        tells=("xencenter-P13",),
    ),
    Fault(
        check="POOL-LICENCE-01",
        change=_no_migration,
        on="xen-02",
        finds=(
            "host xen-02: licence - expected: valid at the change and enough for Citrix "
            "Hypervisor 8.0, found: it does not allow live migration, so no host can be "
            "evacuated"
        ),
        tells=("xencenter-V05",),
    ),
    Fault(
        check="POOL-LICENCE-01",
        change=_no_wizard,
        on="xen-02",
        finds=(
            "host xen-02: licence - expected: valid at the change and enough for Citrix "
            "Hypervisor 8.0, found: edition enterprise-per-socket does not allow the rolling "
            "upgrade wizard"
        ),
        tells=("xapi-licence", "xo-warning-licence"),
    ),
    Fault(
        check="POOL-LICENCE-01",
        change=_void_edition,
        on="xen-02",
        finds=(
            "host xen-02: licence - expected: valid at the change and enough for XenServer "
            "8, found: edition desktop is void in XenServer 8; edition desktop does not "
            "allow the rolling upgrade wizard for XenServer 8"
        ),
        tells=("story-51",),
        settings={"target": "xenserver-8"},
    ),
    Fault(
        check="HOST-DISK-01",
        change=_small_disk_for_switch,
        on="xen-03",
        finds="host xen-03: primary disk - expected: at least 46 GiB, found: 40 GiB",
        tells=("field-10",),
    ),
    Fault(
        check="POOL-METADATA-01",
        change=_stub_saved,
        on="default",
        finds=(
            "pool default: database backup - expected: restores the pool as it is now, "
            "found: it lacks the tables host, VM"
        ),
        tells=("story-55",),
    ),
    Fault(
        check="POOL-STORAGE-01",
        change=_fcoe,
        on="FCoE array",
        finds=(
            "SR FCoE array: storage - expected: attached on every host, of a type that the "
            "target supports, found: XenServer 8 still has SRs of type lvmofcoe, but gives "
            "them up"
        ),
        outcome="warning",
        tells=("xencenter-P10",),
        settings={"target": "xenserver-8"},
    ),
    Fault(
        check="POOL-STORAGE-01",
        change=_gone_type,
        on="StorageLink array",
        finds=(
            "SR StorageLink array: storage - expected: attached on every host, of a type "
            "that the target supports, found: Citrix Hypervisor 8.0 has no SRs of type cslg"
        ),
        outcome="warning",
        tells=("story-68", "xapi-sr-types"),
    ),
    Fault(
        check="POOL-STORAGE-01",
        change=_no_pbd,
        on="Scratch on NFS",
        finds=(
            "SR Scratch on NFS: storage - expected: attached on every host, of a type that "
            "the target supports, found: not attached on xen-03"
        ),
        outcome="warning",
        tells=("xapi-shared-sr",),
    ),
    Fault(
        check="POOL-PATH-01",
        change=_older_target,
        on="xen-01",
        finds=(
            "host xen-01: upgrade path - expected: XenServer 7.2 directly to XenServer 7.1, "
            "found: the installer of XenServer 7.1 (platform 2.2.0) refuses a newer host, "
            "XenServer 7.2 is 2.3.0"
        ),
        tells=("story-38",),
    ),
    Fault(
        check="POOL-PATH-01",
        change=_after,
        on="xen-01",
        finds=("host xen-01: upgrade path - expected: Citrix Hypervisor 8.0, found: XenServer 7.2"),
        tells=("story-82",),
    ),
    Fault(
        check="VM-TOOLS-01",
        change=_tools_lost,
        on="plotter",
        finds=(
            "VM plotter: XenTools - expected: present and current after the upgrade, "
            "found: none have ever reported"
        ),
        outcome="warning",
        tells=("field-13",),
    ),
)
