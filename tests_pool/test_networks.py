"""Host preconditions that the XenAPI knows: interfaces, bonds, addresses."""

from collections.abc import Callable

from fixtures.attestations import Attestation
from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.releases import Release
from rules.bonds import bond_problems, bonds_of
from rules.confidence import lighter
from rules.interfaces import address_problems, interface_name, kept_pifs, position_problems
from rules.iscsi_names import initiator_name, sharing_name, uses_iscsi
from rules.management import bond_of_management, management_objections, management_of
from rules.network_backend import backend_objections, backend_of


@check("HOST-MANAGEMENT-01", blocker)
def test_management_interface_is_complete(host: Host, evidence: Evidence) -> None:
    """The host has one management interface: attached and addressed, if static with gateway and DNS.

    Why: the installer reaches its source, and the other hosts the upgraded one, through it; the
        upgrade plugin refuses a static address without netmask or gateway, and an unattended
        upgrade hangs where nobody answers.
    Source: xenadmin and xapi, plugin prepare_host_upgrade.py; docs.xcp-ng.org, upgrade from network.
    Remedy: `xe pif-param-list uuid=...` shows what there is, `xe pif-reconfigure-ip uuid=...
        mode=static IP=... netmask=... gateway=... DNS=...` corrects it; note DHCP and VLAN of the
        interface in the plan, for the installer needs them too.
    Risk: host outage; a host whose address changes is lost to its pool until the others know it.
    """
    found = management_objections(host)
    for pif in management_of(host):
        evidence.remedy("xe", "pif-param-list", f"uuid={pif.uuid}")
        evidence(device=pif.device, VLAN=pif.VLAN, mode=pif.ip_configuration_mode, IP=pif.IP)
        evidence(netmask=pif.netmask, gateway=pif.gateway, DNS=pif.DNS)
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"host {host.title}: management interface - expected: one, attached and addressed, "
        f"found: {'; '.join(objection.words for objection in found)}"
    )


@check(
    "HOST-LACP-01",
    warning,
    question="Do the switch ports of LACP management bonds work without LACP as well?",
)
def test_management_works_without_lacp(
    host: Host, attested: Callable[[], Attestation], evidence: Evidence
) -> None:
    """No LACP bond carries the management interface, or the switch works without LACP as well.

    Why: the installer speaks no LACP; where the switch insists on it, the host does not reach its
        source or its coordinator while it is being upgraded.
    Source: docs.xcp-ng.org, upgrade with LACP.
    Remedy: have the switch ports fall back to single links (LACP fallback, force-up) for the
        upgrade, try it (`ovs-appctl lacp/show` in dom0), and attest it in attestations.toml.
    Risk: change; the links of the bond are renegotiated one by one.
    """
    bond = bond_of_management(host)
    mode = "no bond" if bond is None else bond.mode
    evidence(bond=bond, mode=mode)
    refusal = ""
    if mode not in {"no bond", "balance-slb", "active-backup"}:
        said = attested()
        refusal = "" if said.yes else f"{said.by} says no"

    assert not refusal, (
        f"host {host.title}: LACP bond of the management interface - expected: the switch falls "
        f"back to single links, found: {refusal}"
    )


@check("HOST-NIC-01", warning)
def test_interfaces_are_the_coordinators(host: Host, evidence: Evidence) -> None:
    """Each network is on the same interface as on the coordinator, linked and at the same place.

    Why: a pool means the same cable by the same name; after an installation whose names have moved,
        or on a host that lacks a network, VMs and the management interface lose theirs.
    Source: docs.xenserver.com, networking: all hosts of a pool have the same NICs in the same order.
    Remedy: `xe pif-list host-uuid={host.uuid}`; correct names by `interface-rename --list` and
        `interface-rename --update ...` in dom0 and a reboot, cables at the switch.
    Risk: host outage; new names need a restart of the host.
    """
    found = position_problems(host, host.facts.pool.coordinator)
    evidence(interfaces={interface_name(pif): pif.on_network.title for pif in kept_pifs(host)})

    assert not found, (
        f"host {host.title}: interfaces - expected: those of the coordinator, linked, "
        f"found: {'; '.join(found)}"
    )


@check("HOST-BOND-01", warning)
def test_bonds_are_whole(host: Host, evidence: Evidence) -> None:
    """The bonds of the host have all their links, and are those of the coordinator.

    Why: the last link of a bond is lost with the next cable or switch port that fails, during the
        evacuation of whole hosts; a bond that only some hosts have is forgotten after the upgrade.
    Source: docs.xenserver.com, networking, bonds; xapi, Bond.links_up.
    Remedy: find the dead link: `xe pif-list host-uuid={host.uuid} params=device,carrier`; create a
        missing bond as on the coordinator (`xe bond-create network-uuid=... pif-uuids=...
        mode=...`).
    Risk: host outage; a bond that is made, or a cable exchanged, interrupts what runs over it.
    """
    evidence(bonds=bonds_of(host))
    found = bond_problems(host, host.facts.pool.coordinator)

    assert not found, (
        f"host {host.title}: bonds - expected: whole and as on the coordinator, "
        f"found: {'; '.join(found)}"
    )


@check("HOST-NET-01", warning)
def test_addresses_are_sound(host: Host, evidence: Evidence) -> None:
    """MTUs, gateways, subnets and VLAN tags of the host's interfaces are sound.

    Why: unequal MTUs, a second gateway and two interfaces in one subnet work by the order in which
        dom0 happened to bring them up; another release brings them up in another order.
    Source: docs.xenserver.com, networking: one gateway, each interface in a subnet of its own.
    Remedy: `xe pif-list host-uuid={host.uuid} params=uuid,device,VLAN,MTU,IP,netmask,gateway`; then
        `xe network-param-set uuid=... MTU=...` or `xe pif-reconfigure-ip uuid=... mode=...`.
    Risk: host outage; interfaces are brought up anew: storage and management may be lost for a
        while.
    """
    found = address_problems(host)
    evidence(MTU={interface_name(pif): pif.MTU for pif in kept_pifs(host)})
    evidence(IP={interface_name(pif): pif.IP for pif in kept_pifs(host) if pif.IP})

    assert not found, (
        f"host {host.title}: addresses - expected: equal MTUs, one gateway, separate subnets, "
        f"found: {'; '.join(found)}"
    )


@check("HOST-BACKEND-01", blocker)
def test_network_backend_is_kept(host: Host, target: Release, evidence: Evidence) -> None:
    """The host has the network backend of the coordinator, and the target knows it.

    Why: a target without the Linux bridge refuses the host; hosts with different backends do not
        offer the same networks, which is a warning.
    Source: xenadmin, PoolJoinRules.cs; host-upgrade-plugin.
    Remedy: empty the host (`xe host-disable uuid={host.uuid}`, `xe host-evacuate
        uuid={host.uuid}`), run `xe-switch-network-backend openvswitch` in its dom0, and restart it:
        `xe host-reboot uuid={host.uuid}`.
    Risk: host outage; the host restarts with the other backend.
    """
    found = backend_objections(host, host.facts.pool.coordinator, target)
    evidence(network_backend=backend_of(host), target=target.id)
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"host {host.title}: network backend - expected: the coordinator's, known to the target, "
        f"found: {'; '.join(objection.words for objection in found)}"
    )


@check("HOST-IQN-01", blocker)
def test_initiator_name_is_unique(host: Host, evidence: Evidence) -> None:
    """Where iSCSI storage is used, the host has an IQN that no other host has.

    Why: a target takes two hosts of one name for one, and ends the session of the first when the
        second logs in again after its upgrade: disks vanish under running VMs.
    Source: xenadmin, its alerts of missing and duplicate IQNs; RFC 7143, session reinstatement.
    Remedy: empty the host (`xe host-disable uuid={host.uuid}`, `xe host-evacuate
        uuid={host.uuid}`), unplug its iSCSI SRs (`xe pbd-list host-uuid={host.uuid}`, `xe
        pbd-unplug uuid=...`), give it a name of its own (`xe host-param-set uuid={host.uuid}
        iscsi_iqn=...`, before 7.5 the key other-config:iscsi_iqn), and plug them again: `xe
        pbd-plug uuid=...`.
    Risk: host outage; the host loses its iSCSI storage until the array knows the new name.
    """
    if not uses_iscsi(host.facts):
        not_applicable("the pool has no iSCSI storage")
    name, others = initiator_name(host), sharing_name(host)
    evidence(iscsi_iqn=name, also_of=others)
    wrong = f"{name}, also of {', '.join(others)}" if others else ""
    if not name:
        wrong = "none"
        evidence.weigh(warning, "without a name the host only lacks its iSCSI storage")

    assert not wrong, f"host {host.title}: IQN - expected: one of its own, found: {wrong}"
