"""What the installer stumbles over: first boot, inventory, labels, boot mode, kernels, hardware."""

from fixtures import probes
from fixtures.probes import Probe
from rules.boot import DEFAULT_LOADER, DEFAULT_LOADER_PATH, KERNELS
from rules.boot_multipath import NOTED
from simpool.builder import change_dom0, host
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault

_DEADLINE = "did not end within its deadline"
_UTILITY = (
    "Found invalid GPT and valid MBR; converting MBR to GPT format\nin memory.\n\n"
    "Disk /dev/sda: 585105408 sectors, 279.0 GiB\nLogical sector size: 512 bytes\n\n"
    "Number  Start (sector)    End (sector)  Size       Code  Name\n"
    "   1              63          131071   64.0 MiB    0700  \n"
    "   2          131072         8519679   4.0 GiB     8300  \n"
    "   3         8519680        16908287   4.0 GiB     8300  \n"
    "   4        16908288       585105374   270.9 GiB   8E00  \n"
)


def _answer(pool: SimPool, name: str, probe: Probe, answer: CannedAnswer) -> None:
    pool.dom0[host(pool, name)["uuid"]][probe.command] = answer


def _said(pool: SimPool, name: str, probe: Probe) -> str:
    return pool.dom0[host(pool, name)["uuid"]][probe.command].stdout


def _break_off_first_boot(pool: SimPool) -> None:
    change_dom0(pool, "xen-01", missing_stamps=("10-prepare-storage",))


def _hang_over_stamps(pool: SimPool) -> None:
    _answer(pool, "xen-01", probes.FIRSTBOOT_STATE, CannedAnswer(hang=True))


def _lose_storage_marker(pool: SimPool) -> None:
    gone = "stat: cannot stat '/var/lib/misc/ran-storage-init': No such file or directory\n"
    _answer(pool, "xcp-01", probes.RAN_STORAGE_INIT, CannedAnswer("", gone, 1))


def _relabel_root(pool: SimPool) -> None:
    said = _said(pool, "xen-01", probes.BLKID).replace("root-qwbfze", "root-old")
    _answer(pool, "xen-01", probes.BLKID, CannedAnswer(said))


def _hang_over_labels(pool: SimPool) -> None:
    _answer(pool, "xen-01", probes.BLKID, CannedAnswer(hang=True))


def _empty_inventory(pool: SimPool) -> None:
    lines = _said(pool, "xen-02", probes.INVENTORY).splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("MANAGEMENT_INT", "CONTROL_DOM"))]
    _answer(pool, "xen-02", probes.INVENTORY, CannedAnswer("".join(kept)))


def _shrink_backup(pool: SimPool) -> None:
    lines = _said(pool, "xen-02", probes.TABLE_SGDISK).splitlines(keepends=True)
    found = []
    for line in lines:
        words = line.split()
        if words[:1] == ["2"]:
            found.append(line.replace(words[2], str(int(words[1]) + 8 * 2**21 - 1)))
        else:
            found.append(line)
    _answer(pool, "xen-02", probes.TABLE_SGDISK, CannedAnswer("".join(found)))


def _hang_over_tables(pool: SimPool) -> None:
    for probe in (probes.TABLE_SGDISK, probes.TABLE_PARTED):
        _answer(pool, "xen-02", probe, CannedAnswer(hang=True))


def _start_in_legacy_mode(pool: SimPool) -> None:
    gone = "stat: cannot stat '/sys/firmware/efi': No such file or directory\n"
    _answer(pool, "xen-02", probes.EFI, CannedAnswer("", gone, 1))


def _be_legacy(pool: SimPool) -> None:
    change_dom0(pool, "xen-02", efi=False)


def _hang_over_firmware(pool: SimPool) -> None:
    _answer(pool, "xen-02", probes.EFI, CannedAnswer(hang=True))


def _remove_loader(pool: SimPool) -> None:
    gone = f"stat: cannot stat '{DEFAULT_LOADER_PATH}': No such file or directory\n"
    _answer(pool, "xen-01", DEFAULT_LOADER, CannedAnswer("", gone, 1))


def _hang_over_loader(pool: SimPool) -> None:
    _answer(pool, "xen-01", DEFAULT_LOADER, CannedAnswer(hang=True))


def _break_off_update(pool: SimPool) -> None:
    said = _said(pool, "xen-01", KERNELS)
    _answer(pool, "xen-01", KERNELS, CannedAnswer(f"{said}5817712 vmlinuz-4.4.0+11\n"))


def _hang_over_kernels(pool: SimPool) -> None:
    _answer(pool, "xen-01", KERNELS, CannedAnswer(hang=True))


def _boot_from_san(pool: SimPool) -> None:
    _answer(pool, "xen-01", probes.PRIMARY_DISK, CannedAnswer("/dev/dm-0\n"))
    known = _said(pool, "xen-01", probes.PARTITIONS)
    _answer(pool, "xen-01", probes.PARTITIONS, CannedAnswer(f"{known} 253 0 292552704 dm-0\n"))
    _answer(pool, "xen-01", NOTED, CannedAnswer("MULTIPATHING_ENABLED='True'\n"))


def _hang_over_disk(pool: SimPool) -> None:
    _answer(pool, "xen-01", probes.PRIMARY_DISK, CannedAnswer(hang=True))


def _add_fibre_channel(pool: SimPool) -> None:
    line = '05:00.0 "0c04" "1077" "2532" -r02 "1077" "015d"\n'
    _answer(pool, "xen-01", probes.PCI, CannedAnswer(_said(pool, "xen-01", probes.PCI) + line))


def _add_network_card(pool: SimPool) -> None:
    line = '05:00.0 "0200" "14e4" "1751" -r11 "1028" "5045"\n'
    _answer(pool, "xcp-01", probes.PCI, CannedAnswer(_said(pool, "xcp-01", probes.PCI) + line))


def _be_an_r730(pool: SimPool) -> None:
    host(pool, "xcp-01")["bios_strings"] |= {
        "system-product-name": "PowerEdge R730",
        "bios-version": "2.4.3",
    }


def _hang_over_devices(pool: SimPool) -> None:
    _answer(pool, "xcp-01", probes.PCI, CannedAnswer(hang=True))


def _have_utility_partition(pool: SimPool) -> None:
    change_dom0(pool, "xen-03", layout="A", efi=False)
    _answer(pool, "xen-03", probes.TABLE_SGDISK, CannedAnswer(_UTILITY))


def _have_dos_table(pool: SimPool) -> None:
    change_dom0(pool, "xen-03", layout="A", efi=False)


def _have_old_layout(pool: SimPool) -> None:
    change_dom0(pool, "xen-03", layout="B", efi=False)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-FIRSTBOOT-01",
        # The markers of newer releases.
        spare=(probes.RAN_NETWORK_INIT, probes.RAN_STORAGE_INIT),
        change=_break_off_first_boot,
        on="xen-01",
        finds=("host xen-01: first boot - expected: finished, found: not done 10-prepare-storage"),
        loss=_hang_over_stamps,
        cause=_DEADLINE,
        tells=("story-24", "installer-02"),
    ),
    Fault(
        check="HOST-FIRSTBOOT-01",
        change=_lose_storage_marker,
        on="xcp-01",
        finds=(
            "host xcp-01: first boot - expected: finished, "
            "found: not done /var/lib/misc/ran-storage-init"
        ),
        pool="xcpng83",
        tells=("installer-refusal-firstboot",),
    ),
    Fault(
        check="HOST-INVENTORY-01",
        change=_relabel_root,
        on="xen-01",
        finds=(
            "host xen-01: installation - expected: recognisable for the installer, "
            "found: no file system is labelled root-qwbfze"
        ),
        loss=_hang_over_labels,
        cause=_DEADLINE,
        tells=("story-25",),
    ),
    Fault(
        check="HOST-INVENTORY-01",
        change=_empty_inventory,
        on="xen-02",
        finds=(
            "host xen-02: installation - expected: recognisable for the installer, "
            "found: MANAGEMENT_INTERFACE is missing; CONTROL_DOMAIN_UUID is missing"
        ),
        tells=("installer-01",),
    ),
    Fault(
        check="HOST-ROLLBACK-01",
        # The layout by two other signs; one of two programs reads the table.
        spare=(probes.MOUNTS, probes.SPACE, probes.TABLE_SGDISK, probes.TABLE_PARTED),
        change=_shrink_backup,
        on="xen-02",
        finds=(
            "host xen-02: backup partition - expected: as its new layout has it, "
            "found: /dev/sda2 of 8192 MiB"
        ),
        loss=_hang_over_tables,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-35", "story-36"),
    ),
    Fault(
        check="HOST-BOOT-01",
        # One of two programs reads the table.
        spare=(probes.TABLE_SGDISK, probes.TABLE_PARTED),
        change=_start_in_legacy_mode,
        on="xen-02",
        finds=(
            "host xen-02: boot mode - expected: one that Citrix Hypervisor 8.0 is installed in, "
            "found: started in legacy BIOS mode, boot partition: ESP"
        ),
        loss=_hang_over_firmware,
        cause=_DEADLINE,
        tells=("story-22", "installer-08"),
    ),
    Fault(
        check="HOST-BOOT-01",
        change=_be_legacy,
        on="xen-02",
        finds=(
            "host xen-02: boot mode - expected: one that XenServer 9 preview is installed in, "
            "found: legacy BIOS; XenServer 9 preview: its installer does not start in legacy "
            "BIOS mode"
        ),
        settings={"target": "xenserver-9"},
        tells=("story-23", "installer-refusal-legacy-boot"),
    ),
    Fault(
        check="HOST-BOOT-01",
        change=_be_legacy,
        on="xen-02",
        finds=(
            "host xen-02: boot mode - expected: one that XCP-ng 8.3 is installed in, "
            "found: legacy BIOS; XCP-ng 8.3: legacy BIOS boot still works and will not for ever"
        ),
        outcome="warning",
        settings={"target": "xcp-ng-8.3"},
    ),
    Fault(
        check="HOST-EFI-01",
        needs=("host.bios_strings",),
        change=_remove_loader,
        on="xen-01",
        finds=(
            "host xen-01: default boot loader - expected: /boot/efi/EFI/boot/bootx64.efi, "
            "found: none"
        ),
        loss=_hang_over_loader,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-26",),
    ),
    Fault(
        check="HOST-KERNEL-01",
        change=_break_off_update,
        on="xen-01",
        finds=(
            "host xen-01: kernels - expected: each with its initrd, "
            "found: none that holds anything for 4.4.0+11"
        ),
        loss=_hang_over_kernels,
        cause=_DEADLINE,
        tells=("story-33",),
    ),
    Fault(
        check="HOST-SANBOOT-01",
        change=_boot_from_san,
        on="xen-01",
        finds=(
            "host xen-01: primary disk - expected: one that XCP-ng 8.3 boots from, "
            "found: boot from /dev/dm-0; XCP-ng 8.3: a newer kernel has not found its root on "
            "Fibre Channel; have the alternate kernel at hand"
        ),
        loss=_hang_over_disk,
        cause=_DEADLINE,
        outcome="warning",
        settings={"target": "xcp-ng-8.3"},
        tells=("story-27",),
    ),
    Fault(
        check="HOST-HARDWARE-02",
        change=_be_an_r730,
        on="xcp-01",
        finds=(
            "host xcp-01: hardware - expected: none that is known to fail with XCP-ng 8.3, "
            "found: PowerEdge R730 with BIOS 2.4.3: freezes right after GRUB; the BIOS must be "
            "2.8.0 or later and memory mapped I/O above 4 GB off"
        ),
        loss=_hang_over_devices,
        cause=_DEADLINE,
        outcome="warning",
        needs=("host.bios_strings",),
        pool="xcpng83",
        tells=("story-32",),
    ),
    Fault(
        check="HOST-HARDWARE-02",
        change=_add_network_card,
        on="xcp-01",
        finds=(
            "host xcp-01: hardware - expected: none that is known to fail with XCP-ng 8.3, "
            "found: 14e4:1751: its first installation media have no driver for the BCM57504 network "
            "card; there is a driver disk"
        ),
        outcome="warning",
        pool="xcpng83",
        tells=("story-29",),
    ),
    Fault(
        check="HOST-HARDWARE-02",
        change=_add_fibre_channel,
        on="xen-01",
        finds=(
            "host xen-01: hardware - expected: none that is known to fail with XenServer 7.6, "
            "found: 1077:2532: the qla2xxx driver panicked during and after upgrades from 7.2 to "
            "7.6"
        ),
        outcome="warning",
        settings={"target": "xenserver-7.6"},
        tells=("story-28",),
    ),
    Fault(
        check="HOST-LAYOUT-01",
        change=_have_utility_partition,
        on="xen-03",
        finds=(
            "host xen-03: partition layout - expected: new, or old and kept as it is, "
            "found: old (A), which XCP-ng 8.3 no longer keeps: its installer would stop"
        ),
        settings={"target": "xcp-ng-8.3"},
        tells=("story-20",),
    ),
    Fault(
        check="HOST-LAYOUT-01",
        change=_have_dos_table,
        on="xen-03",
        finds=(
            "host xen-03: partition layout - expected: new, or old and kept as it is, "
            "found: old (A), which XenServer 8 no longer keeps: its installer would stop"
        ),
        settings={"target": "xenserver-8", "method": "standalone", "layout": "keep"},
        tells=("installer-refusal-dos", "story-21"),
    ),
    Fault(
        check="HOST-LAYOUT-01",
        change=_have_old_layout,
        on="xen-03",
        finds=(
            "host xen-03: partition layout - expected: new, or old and kept as it is, "
            "found: old (B), which XenServer 8 no longer keeps: its installer would stop"
        ),
        settings={"target": "xenserver-8", "method": "standalone", "layout": "keep"},
        tells=("installer-refusal-old-layout", "xencenter-H04"),
    ),
)
