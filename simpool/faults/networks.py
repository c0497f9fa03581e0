"""What can be wrong with interfaces, bonds and addresses of hosts."""

from typing import Any

from fixtures.raw import Ref
from simpool.builder import NULL, add_network, add_record, host, ref_of
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.operator_files import attestation


def _pif(pool: SimPool, name: str, device: str, vlan: int = -1) -> tuple[Ref, dict[str, Any]]:
    owner = ref_of(pool, "host", name)
    return next(
        (ref, record)
        for ref, record in pool.records["PIF"].items()
        if record["host"] == owner and record["device"] == device and int(record["VLAN"]) == vlan
    )


def _add_bond(pool: SimPool, name: str, device: str, members: tuple[str, ...], mode: str) -> Ref:
    """Make an interface of a host the master of a bond of new interfaces."""
    bond = add_record(
        pool,
        "Bond",
        f"{name}/{device}",
        {
            "master": _pif(pool, name, device)[0],
            "primary_slave": NULL,
            "mode": mode,
            "links_up": len(members),
        },
    )
    for member in members:
        add_network(pool, f"{member} of {name}", hosts=[name], device=member)
        _pif(pool, name, member)[1]["bond_slave_of"] = bond
    return bond


def _no_gateway(pool: SimPool) -> None:
    _pif(pool, "xen-02", "eth0")[1]["gateway"] = ""


def _no_dns(pool: SimPool) -> None:
    _pif(pool, "xen-02", "eth0")[1]["DNS"] = ""


def _two_managements(pool: SimPool) -> None:
    _pif(pool, "xen-02", "eth1")[1]["management"] = True


def _lose_management(pool: SimPool) -> None:
    del _pif(pool, "xen-02", "eth0")[1]["management"]


def _lacp_only(pool: SimPool) -> None:
    _add_bond(pool, "xen-03", "eth0", ("eth4", "eth5"), "lacp")
    pool.inputs["attestations"].append(attestation(pool, "HOST-LACP-01", "A. Novak", yes=False))


def _lose_vlan(pool: SimPool) -> None:
    del _pif(pool, "xen-03", "eth0")[1]["VLAN"]


def _wrong_cable(pool: SimPool) -> None:
    metrics = _pif(pool, "xen-02", "eth1")[1]["metrics"]
    pool.records["PIF_metrics"][metrics]["carrier"] = False


def _swapped_names(pool: SimPool) -> None:
    metrics = _pif(pool, "xen-02", "eth1")[1]["metrics"]
    pool.records["PIF_metrics"][metrics]["pci_bus_path"] = "0000:01:00.0"


def _no_dmz(pool: SimPool) -> None:
    del pool.records["PIF"][_pif(pool, "xen-02", "eth1", 120)[0]]


def _lose_carrier(pool: SimPool) -> None:
    metrics = _pif(pool, "xen-03", "eth1")[1]["metrics"]
    del pool.records["PIF_metrics"][metrics]["carrier"]


def _one_link_down(pool: SimPool) -> None:
    for name in ("xen-01", "xen-02", "xen-03"):
        _add_bond(pool, name, "eth1", ("eth2", "eth3"), "balance-slb")
    metrics = _pif(pool, "xen-03", "eth3")[1]["metrics"]
    pool.records["PIF_metrics"][metrics]["carrier"] = False


def _lose_bonds(pool: SimPool) -> None:
    del _pif(pool, "xen-03", "eth1")[1]["bond_slave_of"]


def _second_gateway(pool: SimPool) -> None:
    _pif(pool, "xen-03", "eth1")[1].update(
        ip_configuration_mode="Static",
        IP="192.0.2.213",
        netmask="255.255.255.128",
        gateway="192.0.2.129",
    )


def _small_mtu(pool: SimPool) -> None:
    _pif(pool, "xen-03", "eth1")[1]["MTU"] = "1400"


def _tag_zero(pool: SimPool) -> None:
    _pif(pool, "xen-03", "eth1", 120)[1]["VLAN"] = "0"


def _lose_mtu(pool: SimPool) -> None:
    del _pif(pool, "xen-03", "eth1")[1]["MTU"]


def _bridge(pool: SimPool) -> None:
    host(pool, "xen-03")["software_version"]["network_backend"] = "bridge"


def _lose_backend(pool: SimPool) -> None:
    del host(pool, "xen-03")["software_version"]["network_backend"]


def _same_name(pool: SimPool) -> None:
    host(pool, "xen-03")["other_config"]["iscsi_iqn"] = "iqn.2017-06.example:xen-02"


def _no_name(pool: SimPool) -> None:
    host(pool, "xen-03")["other_config"]["iscsi_iqn"] = ""


def _lose_sr_type(pool: SimPool) -> None:
    for record in pool.records["SR"].values():
        del record["type"]


_MANAGED = "management interface - expected: one, attached and addressed, found:"
_WHOLE = "addresses - expected: equal MTUs, one gateway, separate subnets, found:"

FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-MANAGEMENT-01",
        needs=("PIF", "PIF.host", "PIF.management", "PIF.currently_attached", "PIF.IP", "PIF.DNS"),
        change=_no_gateway,
        on="xen-02",
        finds=f"host xen-02: {_MANAGED} eth0 has no gateway",
        loss=_lose_management,
        cause="management is missing",
        tells=("story-30",),
    ),
    Fault(
        check="HOST-MANAGEMENT-01",
        change=_no_dns,
        on="xen-02",
        finds=f"host xen-02: {_MANAGED} eth0 has no DNS server",
        outcome="warning",
    ),
    Fault(
        check="HOST-MANAGEMENT-01",
        change=_two_managements,
        on="xen-02",
        finds=f"host xen-02: {_MANAGED} 2 management interfaces (eth0, eth1)",
        tells=("xapi-management",),
    ),
    Fault(
        check="HOST-LACP-01",
        needs=("PIF", "PIF.host", "PIF.management", "PIF.device", "PIF.VLAN", "Bond"),
        change=_lacp_only,
        on="xen-03",
        finds=(
            "host xen-03: LACP bond of the management interface - expected: the switch falls back "
            "to single links, found: A. Novak says no"
        ),
        loss=_lose_vlan,
        cause="VLAN is missing",
        outcome="warning",
        tells=("story-31",),
    ),
    Fault(
        check="HOST-NIC-01",
        tells=("xapi-bonds-pifs",),
        needs=(
            "PIF", "PIF.host", "PIF.network", "PIF.device", "PIF.VLAN", "PIF.MTU", "PIF.physical",
            "PIF.metrics", "PIF_metrics", "PIF_metrics.carrier", "PIF_metrics.pci_bus_path",
        ),
        change=_wrong_cable,
        on="xen-02",
        finds=(
            "host xen-02: interfaces - expected: those of the coordinator, linked, "
            "found: eth1 is attached and has no link"
        ),
        loss=_lose_carrier,
        cause="carrier is missing",
        outcome="warning",
    ),
    Fault(
        check="HOST-NIC-01",
        change=_swapped_names,
        on="xen-02",
        finds=(
            "host xen-02: interfaces - expected: those of the coordinator, linked, "
            "found: eth1 is PCI 0000:01:00.0, on xen-01 0000:01:00.1"
        ),
        outcome="warning",
        tells=("story-40",),
    ),
    Fault(
        check="HOST-NIC-01",
        change=_no_dmz,
        on="xen-02",
        finds=(
            "host xen-02: interfaces - expected: those of the coordinator, linked, "
            "found: network DMZ not on this host"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-BOND-01",
        tells=("xapi-bonds-pifs",),
        needs=("Bond", "PIF", "PIF.host", "PIF.bond_slave_of"),
        change=_one_link_down,
        on="xen-03",
        finds=(
            "host xen-03: bonds - expected: whole and as on the coordinator, "
            "found: eth1: eth3 without link"
        ),
        loss=_lose_bonds,
        cause="bond_slave_of is missing",
        outcome="warning",
    ),
    Fault(
        check="HOST-NET-01",
        needs=(
            "PIF", "PIF.host", "PIF.MTU", "PIF.VLAN", "PIF.gateway", "PIF.IP", "network",
            "network.MTU",
        ),
        change=_second_gateway,
        on="xen-03",
        finds=(
            f"host xen-03: {_WHOLE} eth1 has gateway 192.0.2.129 and is not the management "
            "interface; eth0 (192.0.2.13/24) and eth1 (192.0.2.213/25) share a subnet"
        ),
        loss=_lose_mtu,
        cause="MTU is missing",
        outcome="warning",
        tells=("story-83",),
    ),
    Fault(
        check="HOST-NET-01",
        change=_small_mtu,
        on="xen-03",
        finds=(
            f"host xen-03: {_WHOLE} eth1 has MTU 1400, its network 1500; "
            "eth1 VLAN 120 has MTU 1500, what carries it 1400"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-NET-01",
        change=_tag_zero,
        on="xen-03",
        finds=f"host xen-03: {_WHOLE} eth1 VLAN 0 is a VLAN that switches give no tag",
        outcome="warning",
    ),
    Fault(
        check="HOST-BACKEND-01",
        needs=("host.software_version",),
        change=_bridge,
        on="xen-03",
        finds=(
            "host xen-03: network backend - expected: the coordinator's, known to the target, "
            "found: bridge, on xen-01 openvswitch"
        ),
        loss=_lose_backend,
        cause="does not state its network backend",
        outcome="warning",
        tells=("xencenter-join-backend",),
    ),
    Fault(
        check="HOST-BACKEND-01",
        change=_bridge,
        on="xen-03",
        finds=(
            "host xen-03: network backend - expected: the coordinator's, known to the target, "
            "found: bridge, on xen-01 openvswitch; Linux bridge; XenServer 9 preview: "
            "its upgrade plugin names it as a reason to refuse"
        ),
        outcome="warning",
        settings={"target": "xenserver-9"},
    ),
    Fault(
        check="HOST-IQN-01",
        needs=("host.other_config", "SR", "SR.type"),
        change=_same_name,
        on="xen-03",
        finds=(
            "host xen-03: IQN - expected: one of its own, "
            "found: iqn.2017-06.example:xen-02, also of xen-02"
        ),
        loss=_lose_sr_type,
        cause="type is missing",
        tells=("xencenter-extra-iqn",),
    ),
    Fault(
        check="HOST-IQN-01",
        change=_no_name,
        on="xen-03",
        finds="host xen-03: IQN - expected: one of its own, found: none",
        outcome="warning",
    ),
)  # fmt: skip
