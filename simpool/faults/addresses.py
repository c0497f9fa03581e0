"""What can be wrong with the addresses and names of hosts."""

from typing import Any

from simpool.builder import host, ref_of
from simpool.data import SimPool
from simpool.faults.fault import Fault

_POOL = "management addresses - expected: IPv4 everywhere, fit for the target, found:"
_HOST = "address and name - expected: those of its management interface, its own, found:"


def _management(pool: SimPool, name: str) -> dict[str, Any]:
    owner = ref_of(pool, "host", name)
    return next(
        record
        for record in pool.records["PIF"].values()
        if record["host"] == owner and record["management"]
    )


def _speak_ipv6(pool: SimPool, name: str) -> None:
    """Manage a host over IPv6, which xapi then calls it by."""
    number = host(pool, name)["address"].rpartition(".")[2]
    address = f"2001:db8::{number}"
    _management(pool, name).update(
        primary_address_type="IPv6",
        ipv6_configuration_mode="Static",
        IPv6=[f"{address}/64"],
        ipv6_gateway="2001:db8::1",
    )
    host(pool, name)["address"] = address


def _one_over_ipv6(pool: SimPool) -> None:
    _speak_ipv6(pool, "xen-03")


def _all_over_ipv6(pool: SimPool) -> None:
    for name in ("xen-01", "xen-02", "xen-03"):
        _speak_ipv6(pool, name)


def _lose_kind(pool: SimPool) -> None:
    del _management(pool, "xen-02")["primary_address_type"]


def _same_name(pool: SimPool) -> None:
    host(pool, "xen-03")["hostname"] = "xen-01"


def _lose_name(pool: SimPool) -> None:
    del host(pool, "xen-02")["hostname"]


def _name_instead_of_number(pool: SimPool) -> None:
    host(pool, "xen-03")["address"] = "xen-03.example"


def _other_address(pool: SimPool) -> None:
    host(pool, "xen-03")["address"] = "192.0.2.99"


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-ADDRESS-01",
        change=_one_over_ipv6,
        on="default",
        finds=f"pool default: {_POOL} IPv6 on xen-03",
        loss=_lose_kind,
        cause="primary_address_type is missing",
        outcome="warning",
        needs=("PIF", "PIF.host", "PIF.management", "PIF.primary_address_type"),
        tells=("xapi-ipv6",),
    ),
    Fault(
        check="POOL-ADDRESS-01",
        change=_all_over_ipv6,
        on="default",
        finds=(
            "pool default: management addresses - expected: IPv6 everywhere, fit for the target, "
            "found: IPv6, and nobody says that hosts of Citrix Hypervisor 8.0 are managed over it"
        ),
        outcome="warning",
        tells=("xapi-ipv6",),
    ),
    Fault(
        check="HOST-ADDRESS-01",
        change=_same_name,
        on="xen-03",
        finds=f"host xen-03: {_HOST} its host name xen-01 is also that of xen-01",
        loss=_lose_name,
        cause="hostname is missing",
        outcome="warning",
        needs=("host.address", "host.hostname", "PIF", "PIF.host", "PIF.management", "PIF.IP"),
        tells=("xapi-management-address",),
    ),
    Fault(
        check="HOST-ADDRESS-01",
        change=_name_instead_of_number,
        on="xen-03",
        finds=(
            f"host xen-03: {_HOST} xen-03.example is no numeric address, so others must resolve it"
        ),
        outcome="warning",
        tells=("xapi-management-address",),
    ),
    Fault(
        check="HOST-ADDRESS-01",
        change=_other_address,
        on="xen-03",
        finds=(
            f"host xen-03: {_HOST} 192.0.2.99 is not the address of its management interface "
            "(192.0.2.13)"
        ),
        outcome="warning",
        tells=("xapi-management-address",),
    ),
)
