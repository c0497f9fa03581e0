"""What is under way with hosts and pool, and what old work left behind."""

from simpool.builder import add_host, add_record, find, host, pool_record
from simpool.data import SimPool
from simpool.faults.fault import Fault

_HOST = "operations - expected: none under way, evacuation allowed, found:"
_DR = "disaster recovery - expected: none under way, found:"
_REJOIN = "return to the pool - expected: nothing in the way, found:"
_CLEAN = {"method": "clean"}


def _receive_a_vm(pool: SimPool) -> None:
    host(pool, "xen-03")["current_operations"] = {"OpaqueRef:task": "vm_migrate"}


def _lose_host_operations(pool: SimPool) -> None:
    del host(pool, "xen-02")["current_operations"]


def _refuse_evacuation(pool: SimPool) -> None:
    host(pool, "xen-03")["allowed_operations"].remove("evacuate")


def _enable_ha(pool: SimPool) -> None:
    pool_record(pool)["current_operations"] = {"OpaqueRef:task": "ha_enable"}


def _rotate_the_secret(pool: SimPool) -> None:
    pool_record(pool)["is_psr_pending"] = True


def _test_a_failover(pool: SimPool) -> None:
    task = add_record(pool, "DR_task", "failover", {})
    add_record(pool, "SR", "Mirror", {"name_label": "Mirror", "type": "iso"}, introduced_by=task)


def _lose_recoveries(pool: SimPool) -> None:
    del pool.records["DR_task"]


def _leave_storage(pool: SimPool) -> None:
    find(pool, "SR", "ISO library")[1]["introduced_by"] = "OpaqueRef:gone"


def _leave_a_policy(pool: SimPool) -> None:
    """As XenServer 6.1 had it; here on the oldest of the embedded pools."""
    policy = {"uuid": "2b1f5d5c-0000-4000-8000-000000000001", "name_label": "nightly"}
    pool.records["VMPP"] = {"OpaqueRef:nightly": policy}
    find(pool, "VM", "files")[1]["protection_policy"] = "OpaqueRef:nightly"


def _lose_policies(pool: SimPool) -> None:
    del find(pool, "VM", "print")[1]["protection_policy"]


def _do_not_verify(pool: SimPool) -> None:
    for record in (pool_record(pool), *pool.records["host"].values()):
        record["tls_verification_enabled"] = False


def _lose_verification(pool: SimPool) -> None:
    del pool_record(pool)["tls_verification_enabled"]


def _verify_on_one(pool: SimPool) -> None:
    find(pool, "host", "xs-02")[1]["tls_verification_enabled"] = False


def _limit_the_pool(pool: SimPool) -> None:
    add_host(pool, "xen-04")
    for record in pool.records["host"].values():
        record["license_params"]["restrict_pool_size"] = "true"


def _free_edition(pool: SimPool) -> None:
    add_host(pool, "xen-04")
    for record in pool.records["host"].values():
        record["edition"] = "free"
        del record["license_params"]["restrict_pool_size"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-OPERATIONS-01",
        change=_receive_a_vm,
        on="xen-03",
        finds=f"host xen-03: {_HOST} vm_migrate (1)",
        loss=_lose_host_operations,
        cause="current_operations is missing",
        outcome="warning",
        needs=("host.current_operations", "host.allowed_operations"),
        tells=("xapi-host-operations",),
    ),
    Fault(
        check="HOST-OPERATIONS-01",
        change=_refuse_evacuation,
        on="xen-03",
        finds=f"host xen-03: {_HOST} it does not allow evacuation",
        outcome="warning",
        tells=("xapi-host-operations",),
    ),
    Fault(
        check="POOL-BUSY-01",
        change=_enable_ha,
        on="default",
        finds="pool default: work - expected: none under way, found: operations ha_enable",
        outcome="warning",
        tells=("xapi-pool-operations",),
    ),
    Fault(
        check="POOL-BUSY-01",
        change=_rotate_the_secret,
        on="ch82",
        finds=(
            "pool ch82: work - expected: none under way, "
            "found: a rotation of the pool secret is pending"
        ),
        outcome="warning",
        tells=("xapi-pool-secret",),
        pool="ch82",
    ),
    Fault(
        check="POOL-DR-01",
        change=_test_a_failover,
        on="default",
        finds=f"pool default: {_DR} SRs Mirror",
        loss=_lose_recoveries,
        cause="DR_task records are not known",
        outcome="warning",
        needs=("DR_task", "SR.introduced_by"),
        tells=("xapi-dr-task",),
    ),
    Fault(
        check="POOL-DR-01",
        change=_leave_storage,
        on="default",
        finds=f"pool default: {_DR} SRs ISO library",
        outcome="warning",
    ),
    Fault(
        check="POOL-VMPP-01",
        change=_leave_a_policy,
        on="xs65",
        finds=(
            "pool xs65: VM protection - expected: no policy left, found: policy nightly (1 VMs); "
            "XenServer 7.2: VM protection and recovery is gone since 6.2: its schedules end"
        ),
        loss=_lose_policies,
        cause="protection_policy is missing",
        outcome="warning",
        needs=("VM", "VM.protection_policy"),
        tells=("xapi-vmpp",),
        pool="xs65",
    ),
    Fault(
        check="POOL-TLS-01",
        change=_verify_on_one,
        on="xs8",
        finds=(
            "pool xs8: TLS verification - expected: the same on all hosts, "
            "found: otherwise on xs-02"
        ),
        outcome="warning",
        tells=("xencenter-join-tls-verification",),
        pool="xs8",
    ),
    Fault(
        check="POOL-TLS-02",
        change=_do_not_verify,
        on="xcpng83",
        finds="pool xcpng83: TLS verification - expected: on, found: off",
        loss=_lose_verification,
        cause="tls_verification_enabled is missing",
        outcome="warning",
        needs=("pool.tls_verification_enabled",),
        tells=("xencenter-extra-tls-verification",),
        pool="xcpng83",
    ),
    Fault(
        check="HOST-REJOIN-01",
        change=_do_not_verify,
        on="xcp-02",
        finds=(
            f"host xcp-02: {_REJOIN} a new installation verifies TLS certificates and the pool "
            "does not: xe pool-enable-tls-verification comes first"
        ),
        outcome="warning",
        tells=("xencenter-join-tls-verification",),
        pool="xcpng83",
        settings=_CLEAN,
    ),
    Fault(
        check="HOST-REJOIN-01",
        change=_limit_the_pool,
        on="xen-03",
        finds=f"host xen-03: {_REJOIN} the licence limits pools to 3 hosts, and 3 stay",
        outcome="warning",
        tells=("xapi-pool-size", "xencenter-join-pool-size"),
        settings=_CLEAN,
    ),
    Fault(
        check="HOST-REJOIN-01",
        change=_free_edition,
        on="xen-03",
        finds=f"host xen-03: {_REJOIN} the licence limits pools to 3 hosts, and 3 stay",
        outcome="warning",
        tells=("xapi-pool-size",),
        settings=_CLEAN,
    ),
)
