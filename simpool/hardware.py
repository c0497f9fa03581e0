"""The machine that simulated hosts are: the XenAPI and dom0 must say the same of it."""

from dataclasses import dataclass
from typing import Final

MANUFACTURER: Final = "Dell Inc."
PRODUCT: Final = "PowerEdge R630"
BIOS_VENDOR: Final = "Dell Inc."
BIOS_VERSION: Final = "2.4.3"
DISK: Final = "/dev/disk/by-id/scsi-36848f690e6a4cd001e6b7c1f0a4d2e11"
"""The primary disk, as the inventory of dom0 names it."""

PROCESSOR: Final = "Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz"
CPU_FLAGS: Final = (
    "fpu de tsc msr pae mce cx8 apic sep mca cmov pat clflush acpi mmx fxsr sse sse2 ss ht nx "
    "constant_tsc nonstop_tsc pni pclmulqdq monitor est ssse3 sse4_1 sse4_2 popcnt aes avx f16c "
    "rdrand hypervisor lahf_lm"
)


@dataclass(frozen=True, slots=True)
class PciDevice:
    """One PCI device: address without domain, class, vendor, device, subsystem; ids in hex."""

    address: str
    class_id: str
    class_name: str
    vendor_id: str
    vendor_name: str
    device_id: str
    device_name: str
    subsystem_vendor_id: str = "1028"
    subsystem_device_id: str = "1f5b"


_NIC_NAME: Final = "NetXtreme BCM5720 Gigabit Ethernet PCIe"

DEVICES: Final = (
    PciDevice(
        "01:00.0", "0200", "Ethernet controller", "14e4", "Broadcom Limited", "165f", _NIC_NAME
    ),
    PciDevice(
        "01:00.1", "0200", "Ethernet controller", "14e4", "Broadcom Limited", "165f", _NIC_NAME
    ),
    PciDevice(
        "02:00.0", "0104", "RAID bus controller", "1000", "LSI Logic / Symbios Logic", "005d",
        "MegaRAID SAS-3 3108 [Invader]", "1028", "1f49",
    ),
    PciDevice(
        "0b:00.0", "0300", "VGA compatible controller", "102b", "Matrox Electronics Systems Ltd.",
        "0534", "G200eR2",
    ),
)  # fmt: skip


def lspci_numbers() -> str:
    """What `lspci -n -m` prints."""
    return "".join(
        f'{d.address} "{d.class_id}" "{d.vendor_id}" "{d.device_id}" -r02'
        f' "{d.subsystem_vendor_id}" "{d.subsystem_device_id}"\n'
        for d in DEVICES
    )


def lspci_names() -> str:
    """What `lspci -nn` prints."""
    return "".join(
        f"{d.address} {d.class_name} [{d.class_id}]: {d.vendor_name} {d.device_name}"
        f" [{d.vendor_id}:{d.device_id}] (rev 02)\n"
        for d in DEVICES
    )


def sysfs() -> str:
    """The ids of all devices as `grep -H` shows them out of /sys/bus/pci/devices."""
    lines = []
    for name, ids in (
        ("class", [f"0x{d.class_id}00" for d in DEVICES]),
        ("vendor", [f"0x{d.vendor_id}" for d in DEVICES]),
        ("device", [f"0x{d.device_id}" for d in DEVICES]),
        ("subsystem_vendor", [f"0x{d.subsystem_vendor_id}" for d in DEVICES]),
        ("subsystem_device", [f"0x{d.subsystem_device_id}" for d in DEVICES]),
    ):
        lines += [
            f"/sys/bus/pci/devices/0000:{device.address}/{name}:{value}\n"
            for device, value in zip(DEVICES, ids, strict=True)
        ]
    return "".join(lines)
