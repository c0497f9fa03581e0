"""Settings of pool and hosts that were not brought back after the upgrade."""

from fixtures import probes
from rules.disk_reading import LAYOUT_PROBES
from rules.trust import ANCHORS, ANCHORS_PATH
from simpool.builder import add_record, host, pool_record, ref_of
from simpool.certificates import public_certificate
from simpool.data import CannedAnswer, SimError, SimPool
from simpool.faults.fault import Fault
from simpool.faults.survival_baseline import (
    dom0_said,
    dom0_was,
    pool_then,
    record_then,
    then,
)
from simpool.faults.survival_presence import UPGRADED
from simpool.faults.survival_vms import lose_field

_BEFORE = "expected: as before the upgrade, found:"
_CERTIFICATE = "host.get_server_certificate"


def _leave_ha_off(pool: SimPool) -> None:
    pool_then(pool).update(ha_enabled=True, ha_host_failures_to_tolerate="1")


def _ha_off_before(pool: SimPool) -> None:
    record_then(pool, "VM", "mail-01")["ha_restart_priority"] = "restart"


def _leave_wlb_off(pool: SimPool) -> None:
    for record in (pool_then(pool), pool_record(pool)):
        record["wlb_url"] = "wlb.example:8012"
    pool_then(pool)["wlb_enabled"] = True


def _wlb_off_before(pool: SimPool) -> None:
    _leave_wlb_off(pool)
    pool_then(pool)["wlb_enabled"] = False


def _leave_autostart_off(pool: SimPool) -> None:
    pool_then(pool)["other_config"]["auto_poweron"] = "true"


def _autostart_off_before(pool: SimPool) -> None:
    record_then(pool, "VM", "mail-01")["other_config"]["auto_poweron"] = "true"


def _leave_schedule_off(pool: SimPool) -> None:
    ref = add_record(
        pool,
        "VMSS",
        "nightly",
        {"name_label": "nightly", "enabled": True, "type": "snapshot", "frequency": "daily"},
    )
    record = pool.records["VMSS"][ref]
    then(pool, "VMSS")[ref] = dict(record)
    record["enabled"] = False


def _lose_schedules(pool: SimPool) -> None:
    _leave_schedule_off(pool)
    del pool.records["VMSS"]


def _change_coordinator(pool: SimPool) -> None:
    pool_then(pool)["master"] = ref_of(pool, "host", "xen-02")


def _lose_coordinator(pool: SimPool) -> None:
    del host(pool, "xen-01")["uuid"]


def _lose_default_sr(pool: SimPool) -> None:
    pool_record(pool)["default_SR"] = ref_of(pool, "SR", "NFS virtual disks")
    pool_then(pool)["other_config"]["XenCenter.CustomFields.Owner"] = "A. Novak"


def _fall_back_to_free(pool: SimPool) -> None:
    host(pool, "xen-02")["edition"] = "free"


def _end_earlier(pool: SimPool) -> None:
    host(pool, "xen-02")["license_params"]["expiry"] = "20261223T07:00:00Z"


def _leave_the_directory(pool: SimPool) -> None:
    record_then(pool, "host", "xen-02").update(
        external_auth_type="AD", external_auth_service_name="corp.example"
    )


def _unplug_a_vlan(pool: SimPool) -> None:
    on, network = ref_of(pool, "host", "xen-02"), ref_of(pool, "network", "DMZ")
    for pif in pool.records["PIF"].values():
        if (pif["host"], pif["network"]) == (on, network):
            pif["currently_attached"] = False


def _swap_a_card(pool: SimPool) -> None:
    on, network = ref_of(pool, "host", "xen-02"), ref_of(pool, "network", "Servers")
    for ref, pif in pool.records["PIF"].items():
        if (pif["host"], pif["network"]) == (on, network):
            then(pool, "PIF")[ref]["MAC"] = "02:00:5e:00:53:01"
            pif["MAC"] = "02:00:5e:00:53:02"


def _change_iqn(pool: SimPool) -> None:
    host(pool, "xen-02")["iscsi_iqn"] = "iqn.2026-11.example:fresh"


def _make_another_certificate(pool: SimPool) -> None:
    made = public_certificate("xen-02 again", pool.now)
    pool.answers[_CERTIFICATE][ref_of(pool, "host", "xen-02")] = made


def _lose_certificate(pool: SimPool) -> None:
    answers = pool.answers[_CERTIFICATE]
    answers[ref_of(pool, "host", "xen-02")] = SimError(("INTERNAL_ERROR",))


def _switch_the_layout(pool: SimPool) -> None:
    dom0_was(pool, "xen-03", *LAYOUT_PROBES, layout="B", efi=False)
    pool.settings["layout"] = "keep"


def _lose_dom0(pool: SimPool) -> None:
    del pool.dom0[host(pool, "xen-03")["uuid"]]


def _lose_an_authority(pool: SimPool) -> None:
    dom0_said(pool, "xen-03", ANCHORS, CannedAnswer(f"1204 {ANCHORS_PATH}/corp-root.pem\ndone\n"))


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="AFTER-HA-01",
        pool=UPGRADED,
        change=_leave_ha_off,
        on="default",
        finds=(
            f"pool default: high availability - {_BEFORE} HA off instead of on; host failures to "
            "tolerate 0 instead of 1"
        ),
        outcome="warning",
        loss=lose_field("pool", "ha_enabled"),
        cause="ha_enabled is missing",
        needs=("pool.ha_enabled",),
        tells=("story-78",),
    ),
    Fault(
        check="AFTER-HA-01",
        pool=UPGRADED,
        change=_ha_off_before,
        on="default",
        finds=(
            f"pool default: high availability - {_BEFORE} off as in the audit before, though VMs "
            "have a restart priority (1)"
        ),
        outcome="warning",
    ),
    Fault(
        check="AFTER-WLB-01",
        pool=UPGRADED,
        change=_leave_wlb_off,
        on="default",
        finds=(
            f"pool default: Workload Balancing - {_BEFORE} Workload Balancing off instead of on"
        ),
        outcome="warning",
        loss=lose_field("pool", "wlb_enabled"),
        cause="wlb_enabled is missing",
        needs=("pool.wlb_enabled",),
    ),
    Fault(
        check="AFTER-WLB-01",
        pool=UPGRADED,
        change=_wlb_off_before,
        on="default",
        finds=(
            f"pool default: Workload Balancing - {_BEFORE} off as in the audit before, though the "
            "server wlb.example:8012 was set"
        ),
        outcome="warning",
    ),
    Fault(
        check="AFTER-AUTOSTART-01",
        pool=UPGRADED,
        change=_leave_autostart_off,
        on="default",
        finds=f"pool default: autostart - {_BEFORE} autostart off instead of on",
        outcome="warning",
        loss=lose_field("pool", "other_config"),
        cause="other_config is missing",
        needs=("pool.other_config",),
    ),
    Fault(
        check="AFTER-AUTOSTART-01",
        pool=UPGRADED,
        change=_autostart_off_before,
        on="default",
        finds=(
            f"pool default: autostart - {_BEFORE} off as in the audit before, though VMs are set "
            "to start by themselves (1)"
        ),
        outcome="warning",
    ),
    Fault(
        check="AFTER-SCHEDULES-01",
        pool=UPGRADED,
        change=_leave_schedule_off,
        on="default",
        finds=f"pool default: schedules - {_BEFORE} schedule nightly is off",
        outcome="warning",
        loss=_lose_schedules,
        cause="VMSS records are not known",
        needs=("VMSS",),
    ),
    Fault(
        check="AFTER-COORDINATOR-01",
        pool=UPGRADED,
        change=_change_coordinator,
        on="default",
        finds=(
            "pool default: coordinator - expected: xen-02, as before the upgrade, found: xen-01"
        ),
        outcome="warning",
        loss=_lose_coordinator,
        cause="uuid is missing",
        needs=("host.uuid",),
    ),
    Fault(
        check="AFTER-SETTINGS-01",
        pool=UPGRADED,
        change=_lose_default_sr,
        on="default",
        finds=(
            f"pool default: settings - {_BEFORE} default SR NFS virtual disks instead of iSCSI "
            "array; other_config:XenCenter.CustomFields.Owner none instead of A. Novak"
        ),
        outcome="warning",
        loss=lose_field("pool", "default_SR"),
        cause="default_SR is missing",
        needs=(
            "pool.default_SR", "pool.suspend_image_SR", "pool.crash_dump_SR", "pool.other_config",
            "pool.tags", "pool.redo_log_enabled", "SR", "network",
        ),
    ),
    Fault(
        check="AFTER-HOST-LICENCE-01",
        pool=UPGRADED,
        change=_fall_back_to_free,
        on="xen-02",
        finds=(
            f"host xen-02: licence - {_BEFORE} edition free instead of enterprise-per-socket"
        ),
        outcome="warning",
        loss=lose_field("host", "license_params"),
        cause="license_params is missing",
        needs=("host.edition", "host.license_params", "host.license_server"),
    ),
    Fault(
        check="AFTER-HOST-LICENCE-01",
        pool=UPGRADED,
        change=_end_earlier,
        on="xen-02",
        finds=f"host xen-02: licence - {_BEFORE} end 2026-12-23 instead of 2027-12-24",
        outcome="warning",
    ),
    Fault(
        check="AFTER-HOST-AUTH-01",
        pool=UPGRADED,
        change=_leave_the_directory,
        on="xen-02",
        finds=(
            f"host xen-02: directory - {_BEFORE} type none instead of AD; service none instead of "
            "corp.example"
        ),
        outcome="warning",
        loss=lose_field("host", "external_auth_type"),
        cause="external_auth_type is missing",
        needs=("host.external_auth_type", "host.external_auth_service_name"),
    ),
    Fault(
        check="AFTER-HOST-NETWORK-01",
        pool=UPGRADED,
        change=_unplug_a_vlan,
        on="xen-02",
        finds=f"host xen-02: network - {_BEFORE} eth1 (DMZ, VLAN 120) is no longer attached",
        outcome="warning",
        loss=lose_field("PIF", "currently_attached"),
        cause="currently_attached is missing",
        needs=(
            "PIF", "PIF.device", "PIF.VLAN", "PIF.network", "PIF.host", "PIF.currently_attached",
            "PIF.management", "PIF.ip_configuration_mode", "PIF.MAC", "PIF.bond_slave_of",
            "host.software_version", "network",
        ),
    ),
    Fault(
        check="AFTER-HOST-NETWORK-01",
        pool=UPGRADED,
        change=_swap_a_card,
        on="xen-02",
        finds=(
            f"host xen-02: network - {_BEFORE} eth1 (Servers): MAC 02:00:5e:00:53:02 instead of "
            "02:00:5e:00:53:01"
        ),
        outcome="warning",
    ),
    Fault(
        check="AFTER-HOST-SETTINGS-01",
        pool=UPGRADED,
        change=_change_iqn,
        on="xen-02",
        finds=(
            f"host xen-02: settings - {_BEFORE} IQN iqn.2026-11.example:fresh instead of "
            "iqn.2017-06.example:xen-02"
        ),
        outcome="warning",
        loss=lose_field("host", "iscsi_iqn"),
        cause="iscsi_iqn is missing",
        needs=(
            "host.iscsi_iqn", "host.multipathing", "host.logging", "host.tags",
            "host.power_on_mode",
        ),
    ),
    Fault(
        check="AFTER-HOST-CERT-01",
        pool=UPGRADED,
        change=_make_another_certificate,
        on="xen-02",
        finds=(
            "host xen-02: certificate - expected: the one of before the upgrade, found: another"
        ),
        outcome="warning",
        loss=_lose_certificate,
        cause="INTERNAL_ERROR",
        needs=("host.uuid",),
    ),
    Fault(
        check="AFTER-HOST-LAYOUT-01",
        pool=UPGRADED,
        change=_switch_the_layout,
        on="xen-03",
        finds=(
            "host xen-03: partition layout - expected: old, found: new (D), before the upgrade "
            "old (B)"
        ),
        outcome="warning",
        loss=_lose_dom0,
        cause="does not answer",
        # Two signs that agree are enough.
        spare=(
            probes.INVENTORY, probes.MOUNTS, probes.SPACE, probes.TABLE_SGDISK,
            probes.TABLE_PARTED,
        ),
    ),
    Fault(
        check="AFTER-HOST-CA-01",
        pool=UPGRADED,
        change=_lose_an_authority,
        on="xen-03",
        finds=f"host xen-03: added CA certificates - {_BEFORE} lost corp-root.pem",
        outcome="warning",
        loss=_lose_dom0,
        cause="does not answer",
    ),
)  # fmt: skip
