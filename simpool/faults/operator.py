"""Faults of what the operator has to give: client, window, backups, exports."""

from datetime import timedelta

from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.operator_files import resource_data
from simpool.records import GONE, add_record

OTHER_POOL = "0d1e2f3a-0000-4000-8000-0000000000ff"


def _old_xencenter(pool: SimPool) -> None:
    pool.settings["xencenter"] = "7.2.0"


def _no_xencenter_stated(pool: SimPool) -> None:
    del pool.settings["xencenter"]


def _database_of_another_pool(pool: SimPool) -> None:
    pool.inputs["database_backup"]["pool_uuid"] = OTHER_POOL


def _no_database_backup(pool: SimPool) -> None:
    pool.inputs["database_backup"] = None


def _no_backup_of_one_host(pool: SimPool) -> None:
    backups = pool.inputs["host_backups"]
    pool.inputs["host_backups"] = [one for one in backups if one["path"] != "xen-01.xbk"]


def _no_backups_of_hosts(pool: SimPool) -> None:
    pool.inputs["host_backups"] = None


def _card_that_is_not_listed(pool: SimPool) -> None:
    host = next(iter(pool.records["host"]))
    add_record(pool, "PGPU", "gone", {"host": host, "PCI": GONE, "dom0_access": "enabled"})


def _no_interfaces_read(pool: SimPool) -> None:
    del pool.records["VIF"]


def _export_of_another_pool(pool: SimPool) -> None:
    pool.inputs["resource_data"] = resource_data(pool, days=1) | {"pool_uuid": OTHER_POOL}


def _wait_for_weeks(pool: SimPool) -> None:
    pool.settings["window"] = (pool.now + timedelta(days=30, hours=1)).isoformat()


def _no_window(pool: SimPool) -> None:
    del pool.settings["window"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="CLIENT-XENCENTER-01",
        tells=(
            "story-50",
            "xencenter-X01",
            "field-01",
        ),
        needs=("host.software_version",),
        change=_old_xencenter,
        on="default",
        finds="pool default: XenCenter 7.2.0 - expected: works with the target and with every pool "
        "that it manages, found: too old for Citrix Hypervisor 8.0 (XenCenter API 2.12); "
        "Citrix Hypervisor 8.0 asks for XenCenter 8.0",
        loss=_no_xencenter_stated,
        cause="no XenCenter was stated",
    ),
    Fault(
        check="POOL-METADATA-01",
        tells=("field-16",),
        needs=(
            "host.software_version",
            "pool.uuid",
            "host.uuid",
            "VM.uuid",
            "VM.is_a_template",
            "VM.is_a_snapshot",
            "VM.is_control_domain",
            "VM",
        ),
        change=_database_of_another_pool,
        on="default",
        finds="pool default: database backup - expected: restores the pool as it is now, "
        "found: it is of another pool",
        loss=_no_database_backup,
        cause="no database backup was given or found",
    ),
    Fault(
        check="HOST-BACKUP-01",
        tells=("field-02",),
        needs=("host.uuid",),
        change=_no_backup_of_one_host,
        on="xen-01",
        finds="host xen-01: backup of dom0 - expected: whole and young, found: none",
        loss=_no_backups_of_hosts,
        cause="no backups of hosts were given",
        outcome="warning",
    ),
    Fault(
        check="POOL-EXPORT-01",
        tells=("field-06",),
        needs=(
            *("pool.uuid", "host.uuid", "SR.uuid", "VM.uuid", "VDI.uuid"),
            *("host.name_label", "SR.name_label", "VM.name_label", "VDI.name_label"),
            *("network.name_label", "host.address", "host.name_description", "VM.name_description"),
            *("VM.is_a_template", "VM.is_a_snapshot", "VM.is_control_domain", "VM.power_state"),
            *("VM.resident_on", "VM.guest_metrics", "VM_guest_metrics.networks", "VM.other_config"),
            *("VIF.VM", "VIF.MAC", "VIF.network", "VBD.VM", "VBD.VDI", "VBD.type", "VBD.empty"),
            *("VDI.SR", "VDI.virtual_size", "VDI.type", "SR.type", "SR.physical_size"),
            *("PBD.SR", "PBD.host", "PBD.device_config", "PIF.host", "PIF.network", "PIF.MAC"),
            *("VM", "SR", "VDI", "VBD", "VIF", "PBD", "PIF", "network", "VM_guest_metrics", "PGPU"),
        ),
        change=_card_that_is_not_listed,
        on="default",
        finds="pool default: list of resources - expected: complete, found: GPU: Name, PCI Bus Path "
        "of 1 of 1 rows (PGPU c43bf44f-0ac1-5c71-92ed-e706c7d9210a names a PCI that is not among what "
        "was read)",
        loss=_no_interfaces_read,
        cause="the list of resources is not complete: VMs: Address, MAC",
        outcome="warning",
    ),
    Fault(
        check="POOL-EXPORT-01",
        change=_export_of_another_pool,
        on="default",
        finds="pool default: export of resource data - expected: young and complete, "
        "found: it is of another pool",
        outcome="warning",
    ),
    Fault(
        check="POOL-WINDOW-01",
        change=_wait_for_weeks,
        on="default",
        finds=(
            "pool default: age of this verdict at the change - expected: at most 7 days, "
            "found: 30 days"
        ),
        loss=_no_window,
        cause="no --window was given",
        outcome="warning",
        tells=("story-06",),
    ),
)
