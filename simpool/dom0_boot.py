"""How a simulated dom0 boots: first-boot stamps, kernels, boot loader, firmware."""

from fixtures import probes
from rules.boot import DEFAULT_LOADER, DEFAULT_LOADER_PATH, KERNELS
from rules.boot_multipath import NOTED
from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State
from simpool.generations import GENERATIONS
from simpool.hardware import BIOS_VENDOR, BIOS_VERSION, MANUFACTURER, PRODUCT


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    gone = f"stat: cannot stat '{DEFAULT_LOADER_PATH}': No such file or directory\n"
    loader = f"regular file|1155072|700|root|root|{int(state.booted.timestamp())}\n"
    version = bios_version(state.release)
    dmi = {
        "sys_vendor": MANUFACTURER,
        "product_name": PRODUCT,
        "bios_vendor": BIOS_VENDOR,
        "bios_version": version,
    }
    sysfs = "".join(f"/sys/class/dmi/id/{name}:{value}\n" for name, value in dmi.items())
    return {
        probes.DMI.command: CannedAnswer("".join(f"{value}\n" for value in dmi.values())),
        probes.DMI_SYSFS.command: CannedAnswer(sysfs),
        KERNELS.command: CannedAnswer(kernels(state)),
        NOTED.command: CannedAnswer("MULTIPATHING_ENABLED='False'\n"),
        DEFAULT_LOADER.command: CannedAnswer(loader) if state.efi else CannedAnswer("", gone, 1),
    }


def bios_version(release: str) -> str:
    """The BIOS of the simulated machines; with the old one, XCP-ng 8.3 does not start by UEFI."""
    return "2.13.0" if release == "8.3" else BIOS_VERSION


def kernels(state: Dom0State) -> str:
    """The files in /boot: size and name."""
    linux, xen = GENERATIONS[state.release].linux, GENERATIONS[state.release].xen
    files = (
        (5_817_712, f"vmlinuz-{linux}"),
        (18_243_584, f"initrd-{linux}.img"),
        (2_914_117, f"System.map-{linux}"),
        (141_311, f"config-{linux}"),
        (1_012_477, f"xen-{xen}.gz"),
    )
    return "".join(f"{size} {name}\n" for size, name in files)
