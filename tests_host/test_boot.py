"""Host preconditions in dom0: the host can start the installer, and itself again."""

from typing import Any

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import EFI, INVENTORY, PCI, PRIMARY_DISK, TABLE_PARTED, TABLE_SGDISK
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.boot import (
    DEFAULT_LOADER,
    DEFAULT_LOADER_PATH,
    KERNELS,
    boot_objection,
    boot_type,
    kernels_without_initrd,
)
from rules.boot_hardware import known_bad
from rules.boot_multipath import (
    NOTED,
    boot_path_problems,
    boot_paths,
    noted_multipath,
    san_objections,
)
from rules.confidence import lighter
from rules.disk_reading import primary_disk, printed
from rules.hardware import devices
from rules.installer import is_there
from rules.listing import listed

_FIRMWARE = "/sys/firmware/efi"


@check("HOST-BOOT-01", blocker, probes=(EFI, TABLE_SGDISK, TABLE_PARTED))
def test_boot_mode_is_supported(
    host: Host, target: Release, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """Firmware mode and boot partition agree, and the target still boots in that mode.

    Why: an installer started in another mode than the installed system does not offer the upgrade
        or stops; newer targets no longer start in legacy BIOS mode at all.
    Source: host-installer, upgrade.py and install.py; xcp-ng.org documentation, issue 405.
    Remedy: start the installer in the mode that the evidence names. To change the mode, move away
        what lies on local SRs, eject the host (`xe pool-eject host-uuid={host.uuid}`), set its
        firmware to UEFI, install it afresh and join it again.
    Risk: data loss; ejecting and installing afresh erases the host's local SRs.
    """
    if settings.method == "clean":
        not_applicable("a clean installation sets up the boot partition anew")
    efi, boot = is_there(dom0, _FIRMWARE, EFI), boot_type(dom0)
    evidence(boot_partition=boot, start_the_installer_in="UEFI mode" if efi else "legacy BIOS mode")
    problem = boot_objection(target, boot, efi=efi)
    if problem and problem.lighter:
        evidence.weigh(warning, problem.lighter)

    assert problem is None, (
        f"host {host.title}: boot mode - expected: one that {target.name} is installed in, "
        f"found: {problem.words}"
    )


@check("HOST-EFI-01", warning, probes=(EFI, DEFAULT_LOADER))
def test_default_boot_loader_is_there(host: Host, dom0: Any, evidence: Evidence) -> None:
    """A Dell server that boots by UEFI has a loader at the default path.

    Why: its firmware may forget the installed boot entry and then tries this path alone; without a
        loader there it finds no boot device after an upgrade.
    Source: xcp-ng/xcp issue 502.
    Remedy: have console access (iDRAC) on the day, and know how to add a boot entry in the firmware
        (`efibootmgr -v` in dom0 lists them); copy the installed grubx64.efi
        (`find /boot/efi -name grubx64.efi`) to that path if the vendor's support agrees.
    Risk: change; the boot entry that is in use stays as it is.
    """
    maker = host.bios_strings.get("system-manufacturer", "").strip()
    if not maker:
        raise NotVerifiedError("the XenAPI does not name the server's manufacturer")
    if "dell" not in maker.lower():
        not_applicable(f"this is known of Dell servers, not of {maker}")
    if not is_there(dom0, _FIRMWARE, EFI):
        not_applicable("the host boots in legacy BIOS mode")
    there = is_there(dom0, DEFAULT_LOADER_PATH, DEFAULT_LOADER)
    size = int(dom0.file(DEFAULT_LOADER_PATH).size) if there else 0
    evidence(loader=DEFAULT_LOADER_PATH, bytes=size)

    assert size > 0, (
        f"host {host.title}: default boot loader - expected: {DEFAULT_LOADER_PATH}, "
        f"found: {'an empty file' if there else 'none'}"
    )


@check("HOST-KERNEL-01", blocker, probes=(KERNELS,))
def test_every_kernel_has_its_initrd(host: Host, dom0: Any, evidence: Evidence) -> None:
    """Every kernel in /boot has an initrd of its version.

    Why: an update that was interrupted leaves a kernel without one; the host does not come back from
        its next restart, and loses its VMs' data in memory if they were not moved before.
    Source: docs.xcp-ng.org, Troubleshooting, common problems.
    Remedy: make the initrd again in dom0 before any restart, or reinstall the kernel package.
    Risk: change; with a wrong initrd the host does not start: try it while the host is empty.
    """
    versions, missing = kernels_without_initrd(printed(dom0, KERNELS))
    evidence(kernels=versions, without_initrd=missing)
    for version in missing:
        evidence.remedy("dracut", "-f", f"/boot/initrd-{version}.img", version)

    assert not missing, (
        f"host {host.title}: kernels - expected: each with its initrd, "
        f"found: none that holds anything for {', '.join(missing)}"
    )


@check("HOST-SANBOOT-01", blocker, probes=(INVENTORY, PRIMARY_DISK, NOTED))
def test_target_boots_from_the_primary_disk(
    host: Host, target: Release, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """The target boots from the primary disk, which is multipath exactly if it was installed so.

    Why: new kernels have not found a root on Fibre Channel; XenServer 9's installer stops where the
        disk is not as noted at the installation, others are started with the wrong setting.
    Source: host-installer, product.py; host-upgrade-plugin; xcp-ng/xcp issues 517, 534 and 606.
    Remedy: start the installer with multipath exactly if the host was installed so (`cat
        /etc/firstboot.d/data/sr-multipathing.conf` in dom0, MULTIPATHING_ENABLED); have console
        access and the alternate kernel at hand.
    Risk: none; only the start of the installer differs.
    """
    if settings.method == "clean":
        not_applicable("a clean installation sets up the disk anew")
    _, node = primary_disk(dom0)
    noted = noted_multipath(dom0)
    evidence(primary_disk=node, installed_with_multipath=noted)
    problems = san_objections(target, node, noted=noted)
    if why := lighter(problems):
        evidence.weigh(warning, why)

    assert not problems, (
        f"host {host.title}: primary disk - expected: one that {target.name} boots from, "
        f"found: {'; '.join(problem.words for problem in problems)}"
    )


@check("HOST-SANBOOT-02", warning, probes=(INVENTORY, PRIMARY_DISK))
def test_boot_disk_has_all_its_paths(host: Host, dom0: Any, evidence: Evidence) -> None:
    """A boot disk on a SAN is reached over all its paths, as many as other hosts have.

    Why: the host restarts several times during the upgrade; when the last path is lost meanwhile it
        finds no root, and its firmware may not know another path.
    Source: sm, drivers/mpathcount.py (mpath-boot).
    Remedy: find the lost path with `multipath -ll` in dom0; repair cable, port or zoning first.
    Risk: change; the other paths carry on meanwhile.
    """
    _, node = primary_disk(dom0)
    own = boot_paths(host, node)
    evidence(primary_disk=node, paths="a plain disk" if own is None else f"{own.live}/{own.total}")
    problems = boot_path_problems(host, own)

    assert not problems, (
        f"host {host.title}: boot disk - expected: all paths live, as many as on other hosts, "
        f"found: {listed(problems)}"
    )


@check("HOST-HARDWARE-02", warning, probes=(PCI, EFI))
def test_no_hardware_is_known_to_fail(
    host: Host, target: Release, dom0: Any, evidence: Evidence
) -> None:
    """No part of the host is known to fail with the target.

    Why: such hosts froze, panicked or came back without their network or their disks.
    Source: release notes and issues, named for each part in the evidence.
    Remedy: update firmware and BIOS or exchange the part, with the host empty (`xe host-disable
        uuid={host.uuid}`, `xe host-evacuate uuid={host.uuid}`); or try the target on a spare server
        of that kind first.
    Risk: host outage; firmware and parts are changed while the host is off.
    """
    if not target.hardware:
        not_applicable(f"no hardware is known to fail with {target.name}")
    efi = is_there(dom0, _FIRMWARE, EFI)
    parts = [part.pci for part in devices(printed(dom0, PCI)) if part.pci]
    found = known_bad(target.hardware, parts, host.bios_strings, efi=efi)
    evidence(controllers=parts, efi=efi, said_by=[rule.fact.source for _, rule in found])

    assert not found, (
        f"host {host.title}: hardware - expected: none that is known to fail with {target.name}, "
        f"found: {'; '.join(f'{part}: {rule.fact.value}' for part, rule in found)}"
    )
