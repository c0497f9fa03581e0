"""What can be wrong with how VMs move: over which network, and from which release."""

from fixtures.raw import WireRecord
from rules.migration_network import KEY
from simpool.builder import add_record, find, pool_record, ref_of, vm
from simpool.data import SimPool
from simpool.faults.fault import Fault

_WANTED = (
    "pool default: migration network - expected: attached with an address on every host, found: "
)
_DELETED = "5f2b1d6e-0c1e-4f6b-9d0a-2b7c8e1f4a90"


def _set_without_address(pool: SimPool) -> None:
    pool_record(pool)["other_config"][KEY] = find(pool, "network", "Servers")[1]["uuid"]


def _set_deleted(pool: SimPool) -> None:
    pool_record(pool)["other_config"][KEY] = _DELETED


def _pif(pool: SimPool, host: str) -> WireRecord:
    """The interface of a host on the migration network."""
    on, network = ref_of(pool, "host", host), ref_of(pool, "network", "Management")
    pifs = pool.records["PIF"].values()
    return next(pif for pif in pifs if pif["host"] == on and pif["network"] == network)


def _bond(pool: SimPool) -> None:
    _pif(pool, "xen-02")["bond_slave_of"] = add_record(pool, "Bond", "bond0 of xen-02", {})


def _detach(pool: SimPool) -> None:
    _pif(pool, "xen-03")["currently_attached"] = False


def _lose_address(pool: SimPool) -> None:
    for pif in pool.records["PIF"].values():
        del pif["IP"]


def _choose_xcpng(pool: SimPool) -> None:
    pool.settings["target"] = "xcp-ng-8.2"


def _lose_power_state(pool: SimPool) -> None:
    del vm(pool, "files")["power_state"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-MIGRATION-01",
        needs=(
            "pool.other_config",
            "network.uuid",
            "PIF.host",
            "PIF.network",
            "PIF.bond_slave_of",
            "PIF.currently_attached",
            "PIF.IP",
            "network",
            "PIF",
        ),
        change=_set_without_address,
        on="default",
        finds=f"{_WANTED}no IP address on xen-01; no IP address on xen-02; no IP address on xen-03",
        loss=_lose_address,
        cause="field IP is missing from what was read",
        outcome="warning",
    ),
    Fault(
        check="POOL-MIGRATION-01",
        change=_set_deleted,
        on="default",
        finds=f"{_WANTED}no network has uuid {_DELETED}",
        outcome="warning",
        tells=("story-15", "xo-gate-19"),
    ),
    Fault(
        check="POOL-MIGRATION-01",
        change=_bond,
        on="default",
        finds=f"{_WANTED}only a member of a bond on xen-02",
        outcome="warning",
        tells=("story-15",),
    ),
    Fault(
        check="POOL-MIGRATION-01",
        change=_detach,
        on="default",
        finds=f"{_WANTED}not attached on xen-03",
        outcome="warning",
    ),
    Fault(
        check="POOL-MIGRATE-OLD-01",
        needs=("VM", "VM.power_state"),
        change=_choose_xcpng,
        on="xs65",
        finds="pool xs65: live migration - expected: taken by XCP-ng 8.2, found: 4 active VMs on 6.5.0; "
        "XCP-ng 8.2: VMs that move from hosts older than 7.1 have rebooted or run twice; a warm "
        "migration is safer",
        loss=_lose_power_state,
        cause="field power_state is missing from what was read",
        outcome="warning",
        pool="xs65",
        tells=("story-17",),
    ),
)
