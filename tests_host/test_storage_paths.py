"""Host preconditions of storage: paths, stuck processes, tape drives."""

from collections.abc import Callable
from typing import Any

from fixtures.contract import check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.settings import Settings
from rules.listing import listed
from rules.multipath import multipath_setting
from rules.multipath_settings import (
    SETTINGS,
    added_settings,
    multipath_settings,
    setting_differences,
)
from rules.processes import AGAIN, PROCESSES, processes, stuck
from rules.scsi_devices import SCSI, tapes


@check("HOST-MULTIPATH-01", warning)
def test_multipath_is_set_as_on_the_coordinator(host: Host, evidence: Evidence) -> None:
    """The host uses multipath if the coordinator does.

    Why: a host that differs reaches the pool's LUNs over one path where others have several; when
        the upgrade restarts switches, arrays or hosts, its VMs lose their disks.
    Source: xapi, ocaml/idl/datamodel_host.ml (multipathing); sm, drivers/mpath_dmp.py.
    Remedy: empty the host (`xe host-disable uuid={host.uuid}`, `xe host-evacuate
        uuid={host.uuid}`), unplug its SRs (`xe pbd-list host-uuid={host.uuid}` names them, `xe
        pbd-unplug uuid=...`), set multipath as on the coordinator (`xe host-param-set
        uuid={host.uuid} ...`), plug them (`xe pbd-plug uuid=...`), and take it back: `xe
        host-enable uuid={host.uuid}`.
    Risk: host outage; the host is emptied, and its SRs are unplugged meanwhile.
    """
    words = {True: "on", False: "off"}
    coordinator = host.facts.pool.coordinator
    expected, found = (words[multipath_setting(one)] for one in (coordinator, host))
    evidence(multipathing=found, on_coordinator=expected)
    key = "multipathing" if host.has("multipathing") else "other-config:multipathing"
    value = str(expected == "on").lower()
    evidence.remedy("xe", "host-param-set", f"uuid={host.uuid}", f"{key}={value}")

    assert found == expected, (
        f"host {host.title}: multipath - expected: {expected}, as on the coordinator "
        f"{coordinator.title}, found: {found}"
    )


@check("HOST-MULTIPATH-02", warning, probes=(SETTINGS,))
def test_multipath_is_configured_as_on_the_coordinator(
    host: Host, dom0: Any, dom0_of: Callable[[Host], Any], evidence: Evidence
) -> None:
    """The settings of multipath in dom0 are those of the coordinator.

    Why: where they were edited on some hosts only, an array is treated in two ways: a host may fail
        to attach an HBA SR, or lose it when paths change. LUNs noted by the storage manager differ.
    Source: multipath.conf(5); sm, drivers/wwid_conf.py; xcp-ng/xcp issue 284.
    Remedy: compare the files named with those of the coordinator, and bring them to one state.
    Risk: host outage; settings count once paths are made anew, on an empty host.
    """
    coordinator = host.facts.pool.coordinator
    own, wanted = multipath_settings(dom0), multipath_settings(dom0_of(coordinator))
    differences = setting_differences(own, wanted)
    used = multipath_setting(host) or multipath_setting(coordinator)
    evidence.remedy("sha256sum", *sorted({*own, *wanted}))
    evidence(lines={path: len(lines) for path, lines in own.items()}, multipathing=used)
    if differences and not used:
        evidence.weigh(info, because="multipath is off on both hosts")

    assert not differences, (
        f"host {host.title}: multipath settings - expected: as on the coordinator "
        f"{coordinator.title}, found: {listed(differences)}"
    )


@check("HOST-MULTIPATH-03", warning, probes=(SETTINGS,))
def test_multipath_was_not_configured_by_hand(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """No settings of multipath were added to dom0 by hand.

    Why: the installer keeps /etc/multipath.conf as a copy beside (multipath.conf.bak) and may not
        bring back other files; without settings that an array needs its SR does not attach.
    Source: host-installer, upgrade.py (what is restored); sm (conf.d/custom.conf).
    Remedy: copy the files away, ask the array's vendor whether the target still needs them, and put
        them back on every host before its SRs are attached.
    Risk: none; files are only copied.
    """
    if settings.phase == "after":
        not_applicable("the host was upgraded already")
    found = added_settings(multipath_settings(dom0))
    used = multipath_setting(host)
    evidence(files=found, multipathing=used)
    evidence.remedy("tar", "czf", "/root/multipath-settings.tgz", *found)
    if found and not used:
        evidence.weigh(info, because="multipath is off on this host")

    assert not found, (
        f"host {host.title}: multipath settings - expected: the platform's own, "
        f"found: added in {listed(found)}"
    )


@check("HOST-STUCK-01", warning, probes=(PROCESSES, AGAIN))
def test_no_process_is_stuck(host: Host, dom0: Any, evidence: Evidence) -> None:
    """No process of dom0 hangs in uninterruptible sleep.

    Why: a process that waits for a dead NFS or SMB server or a lost disk cannot be killed; storage
        operations behind it hang, and with them the evacuation and the restart of the host.
        What is in that state in two lists of processes counts.
    Source: Linux, Documentation/filesystems/proc.rst; reported by users of XCP-ng.
    Remedy: find out in dom0 what it waits for: its stack, and `grep -e nfs -e cifs /proc/mounts`;
        repair the server or the path, or restart the host before the window.
    Risk: host outage; only if the host has to be restarted.
    """
    found = stuck(dom0)
    evidence(processes=len(processes(dom0)), stuck=[f"{p.name} ({p.number})" for p in found])
    for process in found[:20]:
        evidence.remedy("cat", f"/proc/{process.number}/stack")

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
    Remedy: end the backups, and take the drive that `cat /proc/scsi/scsi` shows offline, or unplug
        it, until the host is upgraded.
    Risk: change; a backup under way breaks off.
    """
    if settings.phase == "after":
        not_applicable("the host was upgraded already")
    found = tapes(dom0)
    evidence(tapes=found)

    assert not found, (
        f"host {host.title}: tape drives and medium changers - expected: none attached, "
        f"found: {listed(found)}"
    )
