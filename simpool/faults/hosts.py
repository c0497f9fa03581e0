"""What can be wrong with a host as the XenAPI sees it: version, state, hotfixes, licence."""

from fixtures import probes
from rules.restarts import INSTALL_TIMES
from simpool.builder import find, host
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.records import ref_of


def _older_build(pool: SimPool) -> None:
    host(pool, "xen-02")["software_version"]["build_number"] = "release/falcon/master/6"


def _lose_product_version(pool: SimPool) -> None:
    del host(pool, "xen-02")["software_version"]["product_version"]


def _older_release(pool: SimPool) -> None:
    host(pool, "xen-03")["software_version"].update(
        product_version="6.5.0", platform_version="1.9.0"
    )


def _unknown_release(pool: SimPool) -> None:
    host(pool, "xen-03")["software_version"]["product_version"] = "77.0.0"


def _keep_in_maintenance(pool: SimPool) -> None:
    host(pool, "xen-03")["other_config"]["MAINTENANCE_MODE"] = "true"


def _lose_metrics(pool: SimPool) -> None:
    del pool.records["host_metrics"][host(pool, "xen-03")["metrics"]]


def _wait_for_reboot(pool: SimPool) -> None:
    waiting = host(pool, "xen-02")["updates_requiring_reboot"]
    waiting.append(ref_of(pool, "pool_update", "XS72E004"))


def _lose_reboots(pool: SimPool) -> None:
    del host(pool, "xen-02")["updates_requiring_reboot"]


def _miss_a_hotfix(pool: SimPool) -> None:
    host(pool, "xen-02")["updates"].remove(ref_of(pool, "pool_update", "XS72E007"))


def _lose_an_update(pool: SimPool) -> None:
    ref, _ = find(pool, "pool_update", "XS72E007")
    del pool.records["pool_update"][ref]


def _let_licence_expire(pool: SimPool) -> None:
    host(pool, "xen-01")["license_params"]["expiry"] = "20200101T00:00:00Z"


def _blur_expiry(pool: SimPool) -> None:
    host(pool, "xen-01")["license_params"]["expiry"] = "next year"


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-VERSION-01",
        tells=(
            "story-75",
            "xencenter-join-same-version",
            "xo-warning-versions-differ",
            "xapi-mixed-versions",
            "field-04",
        ),
        needs=("host.software_version",),
        change=_older_build,
        on="xen-02",
        finds=(
            "host xen-02: version - expected: build_number release/falcon/master/8, "
            "found: build_number release/falcon/master/6"
        ),
        loss=_lose_product_version,
        cause="does not state its product version",
    ),
    Fault(
        check="POOL-PATH-01",
        tells=("field-15",),
        needs=("host.software_version",),
        also=("POOL-RPU-01", "POOL-VERSION-01"),
        change=_older_release,
        on="xen-03",
        finds=(
            "host xen-03: upgrade path - expected: XenServer 6.5 (SP1 included) directly to "
            "Citrix Hypervisor 8.0, found: the installer of Citrix Hypervisor 8.0 accepts platform "
            "2.1.0 or later, XenServer 6.5 (SP1 included) is 1.9.0; the path is xenserver-6.5 -> "
            "xenserver-7.2 -> citrix-hypervisor-8.0"
        ),
        loss=_unknown_release,
        cause="the release that the host runs is not one we know",
    ),
    Fault(
        check="HOST-LIVE-01",
        tells=(
            "xencenter-H01",
            "xencenter-extra-maintenance-enabled",
            "xapi-host-enabled",
        ),
        needs=(
            "host.enabled",
            "host.metrics",
            "host.other_config",
            "host_metrics.live",
            "host_metrics",
        ),
        change=_keep_in_maintenance,
        on="xen-03",
        finds=(
            "host xen-03: state - expected: live, enabled, not in maintenance mode, "
            "found: in maintenance mode"
        ),
        loss=_lose_metrics,
        cause="is not among what was read",
    ),
    Fault(
        check="HOST-REBOOT-01",
        tells=(
            "xo-gate-09",
            "xo-warning-reboot-needed",
            "xapi-pending-guidance",
        ),
        needs=(
            "host.software_version",
            "host.updates_requiring_reboot",
            "host_patch.host",
            "host_patch.applied",
            "host_patch.pool_patch",
            "pool_patch.after_apply_guidance",
            "host_patch",
            "pool_patch",
        ),
        # xapi's own records decide; dom0 only adds to them.
        spare=(
            probes.REBOOT_MARKER,
            INSTALL_TIMES,
        ),
        change=_wait_for_reboot,
        on="xen-02",
        finds="host xen-02: restart - expected: none pending, found: reboot for XS72E004",
        loss=_lose_reboots,
        cause="updates_requiring_reboot is missing",
    ),
    Fault(
        check="HOST-HOTFIX-01",
        tells=(
            "story-73",
            "xencenter-P14",
            "xencenter-join-homogeneous-updates",
            "xencenter-join-unpatched-host",
            "field-04",
        ),
        needs=("host.software_version", "host.updates", "pool_update.uuid", "pool_update"),
        # xapi's own records decide; dom0 only adds to them.
        spare=(probes.PACKAGES,),
        change=_miss_a_hotfix,
        on="xen-02",
        finds="host xen-02: hotfixes - expected: the coordinator's, found: missing XS72E007",
        loss=_lose_an_update,
        cause="is not among what was read",
    ),
    Fault(
        check="POOL-LICENCE-01",
        tells=("field-14",),
        needs=("host.software_version", "host.edition", "host.license_params"),
        change=_let_licence_expire,
        on="xen-01",
        finds=(
            "host xen-01: licence - expected: valid at the change and enough for Citrix Hypervisor "
            "8.0, found: expired on 2020-01-01"
        ),
        loss=_blur_expiry,
        cause="the expiry is not a date",
    ),
)
