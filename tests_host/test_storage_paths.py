"""Host preconditions of storage: paths, stuck processes, tape drives."""

from typing import Any

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.settings import Settings
from rules.listing import listed
from rules.multipath import multipath_setting
from rules.processes import AGAIN, PROCESSES, processes, stuck
from rules.scsi_devices import SCSI, tapes


@check("HOST-MULTIPATH-01", warning)
def test_multipath_is_set_as_on_the_coordinator(host: Host, evidence: Evidence) -> None:
    """The host uses multipath if the coordinator does.

    Why: a host that differs reaches the pool's LUNs over one path where others have several; when
        the upgrade restarts switches, arrays or hosts, its VMs lose their disks.
    Source: xapi, ocaml/idl/datamodel_host.ml (multipathing); sm, drivers/mpath_dmp.py.
    Remedy: put the host into maintenance mode, and set multipath as on the others.
    """
    words = {True: "on", False: "off"}
    coordinator = host.facts.pool.coordinator
    expected, found = (words[multipath_setting(one)] for one in (coordinator, host))
    evidence(multipathing=found, on_coordinator=expected)

    assert found == expected, (
        f"host {host.title}: multipath - expected: {expected}, as on the coordinator "
        f"{coordinator.title}, found: {found}"
    )


@check("HOST-STUCK-01", warning, probes=(PROCESSES, AGAIN))
def test_no_process_is_stuck(host: Host, dom0: Any, evidence: Evidence) -> None:
    """No process of dom0 hangs in uninterruptible sleep.

    Why: a process that waits for a dead NFS or SMB server or a lost disk cannot be killed; storage
        operations behind it hang, and with them the evacuation and the restart of the host.
        What is in that state in two lists of processes counts.
    Source: Linux, Documentation/filesystems/proc.rst; reported by users of XCP-ng.
    Remedy: find what it waits for: `cat /proc/PID/stack` and `grep nfs /proc/mounts` in dom0; repair
        the server or the path, or restart the host before the window.
    """
    found = stuck(dom0)
    evidence(processes=len(processes(dom0)), stuck=[f"{p.name} ({p.number})" for p in found])

    assert not found, (
        f"host {host.title}: processes - expected: none stuck in uninterruptible sleep, found: "
        f"{listed([f'{process.name} ({process.number})' for process in found])}"
    )


@check("HOST-TAPE-01", warning, probes=(SCSI,))
def test_no_tape_is_attached(host: Host, settings: Settings, dom0: Any, evidence: Evidence) -> None:
    """No tape drive or medium changer is attached to the host.

    Why: installers and updates scan the SCSI bus anew; tape robots have lost their connection, or a
        backup in progress, by that.
    Source: Linux, drivers/scsi/scsi_proc.c; reported by users of XCP-ng.
    Remedy: end the backups, and take the drive offline or unplug it until the host is upgraded.
    """
    if settings.phase == "after":
        not_applicable("the host was upgraded already")
    found = tapes(dom0)
    evidence(tapes=found)

    assert not found, (
        f"host {host.title}: tape drives and medium changers - expected: none attached, "
        f"found: {listed(found)}"
    )
