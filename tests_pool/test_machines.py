"""Host preconditions that the XenAPI knows: memory, virtualisation, speed of the interfaces."""

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from rules.interfaces import interface_name
from rules.link_speeds import linked_pifs, speed, speed_problems
from rules.machine import HVM_WORD, LEAST_MIB, is_enough, memory_mib, runs_hvm


@check("HOST-MEMORY-01", warning)
def test_host_has_the_least_memory(host: Host, evidence: Evidence) -> None:
    """The host has the memory that the vendors ask for.

    Why: with less the installer warns and the new dom0 leaves no room for VMs; it does not refuse.
    Source: docs.xenserver.com, system requirements (2 GB); host-installer, constants.py.
    Remedy: add memory, or take the host out of the pool before the upgrade: `xe pool-eject
        host-uuid={host.uuid}` erases its local storage.
    Risk: data loss; ejecting the host erases its local SRs.
    """
    found = memory_mib(host)
    evidence(memory_mib=found, least_mib=LEAST_MIB)

    assert is_enough(found), (
        f"host {host.title}: memory - expected: at least {LEAST_MIB} MiB, found: {found} MiB"
    )


@check("HOST-HVM-01", warning)
def test_host_runs_fully_virtualised_guests(host: Host, evidence: Evidence) -> None:
    """The host has hardware virtualisation, and it is switched on.

    Why: without it the installer warns, and no fully virtualised VM starts there, while newer
        releases run hardly any other; the upgrade itself goes on.
    Source: host-installer, tui/installer; xapi, VM_HVM_REQUIRED.
    Remedy: switch on Intel VT-x or AMD-V in the firmware and start the host from cold (`xe
        host-disable uuid={host.uuid}`, `xe host-evacuate uuid={host.uuid}`, `xe host-shutdown
        uuid={host.uuid}`); a reset of the firmware's settings may have switched it off.
    Risk: host outage; the host is started from cold.
    """
    evidence(capabilities=host.capabilities, looked_for=HVM_WORD)

    assert runs_hvm(host), (
        f"host {host.title}: hardware virtualisation - expected: there and switched on, found: none"
    )


@check("HOST-SPEED-01", warning)
def test_interfaces_are_as_fast_as_elsewhere(host: Host, evidence: Evidence) -> None:
    """Each linked interface states its speed, and is as fast as the other hosts' on its network.

    Why: an interface that fell back to a lower speed makes the evacuation of hosts last for hours;
        often a cable, a module or a switch port is failing. It still works, so this warns.
    Source: docs.xenserver.com, networking: NICs of one network have one speed; xapi, PIF_metrics.
    Remedy: `ethtool ...` in dom0 shows speed and negotiation; exchange the cable or the port, or
        have both ends negotiate.
    Risk: change; the interface is without link while its cable is exchanged.
    """
    evidence(speed={interface_name(pif): speed(pif) for pif in linked_pifs(host)})
    for device in sorted({pif.device for pif in linked_pifs(host)}):
        evidence.remedy("ethtool", device)
    found = speed_problems(host)

    assert not found, (
        f"host {host.title}: speed of interfaces - expected: that of the other hosts, "
        f"found: {'; '.join(found)}"
    )
