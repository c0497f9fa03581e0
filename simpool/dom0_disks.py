"""What a simulated dom0 prints of its disk: partition tables, file systems, labels."""

from dataclasses import dataclass
from typing import Final

from simpool.dom0_state import Dom0State

_SECTOR: Final = 512
_MIB: Final = 1024 * 1024 // _SECTOR
# Share of 1 KiB blocks of an ext3 file system that its users cannot have.
_RESERVED: Final = 0.052


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: number, first and last sector, role, type code of sgdisk."""

    number: int
    start: int
    end: int
    role: str
    code: str

    @property
    def sectors(self) -> int:
        """Its size in sectors."""
        return self.end - self.start + 1


# Layout -> first sector, then number, MiB and role in the order on the disk; the SR takes the rest.
_PLANS: Final = {
    "A": (63, ((1, 4096, "root"), (2, 4096, "backup"), (3, 0, "sr"))),
    "B": (34, ((1, 4096, "root"), (2, 4096, "backup"), (3, 0, "sr"))),
    "C": (34, ((4, 512, "boot"), (1, 3584, "root"), (2, 4096, "backup"), (3, 0, "sr"))),
    "D": (
        2048,
        (
            (5, 4096, "logs"), (2, 18432, "backup"), (1, 18432, "root"),
            (4, 512, "boot"), (6, 1024, "swap"), (3, 0, "sr"),
        ),
    ),
}  # fmt: skip
_CODES: Final = {"root": "0700", "backup": "0700", "logs": "0700", "swap": "8200", "sr": "8E00"}


def partitions(state: Dom0State) -> tuple[Partition, ...]:
    """The partitions of the primary disk, in the order on the disk."""
    first, plan = _PLANS[state.layout]
    last = state.disk_bytes // _SECTOR - 34
    found, start = [], first
    for number, mib, role in plan:
        if role == "sr" and not state.local_sr:
            continue
        end = start + mib * _MIB - 1 if mib else last
        code = ("EF00" if state.efi else "EF02") if role == "boot" else _CODES[role]
        if state.layout == "A" and code == "0700":
            code = "8300"
        found.append(Partition(number, start, end, role, code))
        start = end + 1
    return tuple(found)


def device(state: Dom0State, role: str) -> str:
    """The device node of a partition by its role; empty if the layout has none."""
    return next((f"{state.disk}{p.number}" for p in partitions(state) if p.role == role), "")


def sgdisk(state: Dom0State) -> str:
    """What `sgdisk -p` prints of the primary disk."""
    total = state.disk_bytes // _SECTOR
    banner = ""
    if state.layout == "A":
        stars = "*" * 63
        banner = (
            f"\n{stars}\nFound invalid GPT and valid MBR; converting MBR to GPT format\n"
            f"in memory. \n{stars}\n\n"
        )
    rows = "".join(
        f"{p.number:4d}{p.start:16d}{p.end:16d}  {_size(p.sectors):11s} {p.code}  \n"
        for p in sorted(partitions(state), key=lambda p: p.number)
    )
    return (
        f"{banner}Disk {state.disk}: {total} sectors, {total * _SECTOR / 1024**3:.1f} GiB\n"
        f"Logical sector size: {_SECTOR} bytes\n"
        "Disk identifier (GUID): C187A1FD-9AF6-4FF5-B911-3B542E19B1FB\n"
        "Partition table holds up to 128 entries\n"
        f"First usable sector is 34, last usable sector is {total - 34}\n"
        "Partitions will be aligned on 2048-sector boundaries\n"
        "Total free space is 2014 sectors (1007.0 KiB)\n\n"
        "Number  Start (sector)    End (sector)  Size       Code  Name\n" + rows
    )


def _size(sectors: int) -> str:
    size = sectors * _SECTOR
    return f"{size / 1024**3:.1f} GiB" if size >= 1024**3 * 1.5 else f"{size / 1024**2:.1f} MiB"


def parted(state: Dom0State) -> str:
    """What `parted -s -m DISK unit B print` prints."""
    table = "msdos" if state.layout == "A" else "gpt"
    systems = {"root": "ext3", "logs": "ext3", "swap": "linux-swap(v1)", "boot": "fat16"}
    flags = {"sr": "lvm", "boot": "boot" if state.efi else "bios_grub"}
    lines = [f"BYT;\n{state.disk}:{state.disk_bytes}B:scsi:512:512:{table}:DELL PERC H730 Mini:;\n"]
    for p in partitions(state):
        flag = flags.get(p.role, "" if table == "msdos" else "msftdata")
        if p.role == "swap" or (p.role, table) == ("root", "msdos"):
            flag = "boot" if p.role == "root" else ""
        system = systems.get(p.role, "") if p.role != "boot" or state.efi else ""
        lines.append(
            f"{p.number}:{p.start * _SECTOR}B:{p.end * _SECTOR + _SECTOR - 1}B:"
            f"{p.sectors * _SECTOR}B:{system}::{flag};\n"
        )
    return "".join(lines)


def proc_partitions(state: Dom0State) -> str:
    """What /proc/partitions holds."""
    name = state.disk.rpartition("/")[2]
    rows = [f"   8        0 {state.disk_bytes // 1024:10d} {name}\n"]
    rows += [
        f"   8 {p.number:8d} {p.sectors // 2:10d} {name}{p.number}\n"
        for p in sorted(partitions(state), key=lambda p: p.number)
    ]
    return "major minor  #blocks  name\n\n" + "".join(rows)


def blkid(state: Dom0State) -> str:
    """What `blkid` prints."""
    found = [
        ("root", 'LABEL="root-qwbfze" UUID="1f0c7c54-8d51-4f0e-9f5b-6d7f7f5e2a10" TYPE="ext3"'),
        ("logs", 'LABEL="logs-qwbfze" UUID="77aa1c1e-0f5d-4b5c-8c3c-3f1d2d3c9b11" TYPE="ext3"'),
        ("swap", 'LABEL="swap-qwbfze" UUID="90bd0c9a-6c0b-4b0d-8e9f-0d9a7c5b1e22" TYPE="swap"'),
        ("sr", 'UUID="fT6cJX-8gV1-bq0a-9Jr5-0Wkp-3cVJ-GmEw2n" TYPE="LVM2_member"'),
    ]
    if state.efi:
        found.append(("boot", 'LABEL="BOOT-QWBFZE" UUID="AB12-34CD" TYPE="vfat"'))
    return "".join(
        f"{device(state, role)}: {tags} \n" for role, tags in found if device(state, role)
    )


def fstab(state: Dom0State) -> str:
    """What /etc/fstab holds."""
    lines = ["LABEL=root-qwbfze    /         ext3     defaults   1  1\n"]
    if _has_esp(state):
        lines.append("LABEL=BOOT-QWBFZE    /boot/efi         vfat     defaults   0  2\n")
    if state.layout == "D":
        lines.append("LABEL=swap-qwbfze          swap      swap   defaults   0  0\n")
        lines.append("LABEL=logs-qwbfze    /var/log         ext3     defaults   0  2\n")
    else:
        lines.append("/var/swap/swap.001          swap      swap   defaults   0  0\n")
    return "".join(lines) + "none        /dev/shm    tmpfs   defaults   0  0\n"


def mounts(state: Dom0State) -> str:
    """What /proc/mounts holds."""
    options = "rw,relatime,errors=continue,barrier=1,data=ordered 0 0"
    lines = [
        "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n",
        "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n",
        f"{device(state, 'root')} / ext3 {options}\n",
        "tmpfs /dev/shm tmpfs rw 0 0\n",
    ]
    if state.layout == "D":
        lines.append(f"{device(state, 'logs')} /var/log ext3 {options}\n")
    if _has_esp(state):
        lines.append(
            f"{device(state, 'boot')} /boot/efi vfat rw,relatime,fmask=0022,dmask=0022,"
            "codepage=437,iocharset=ascii,shortname=mixed,errors=remount-ro 0 0\n"
        )
    lines.append("xenstore /var/lib/xenstored tmpfs rw,relatime,mode=755 0 0\n")
    return "".join(lines)


def df_kib(state: Dom0State) -> tuple[str, str]:
    """What `df -P -k / /var/log /boot /boot/efi` prints: stdout and stderr."""
    rows = [_blocks(state, "root", "/", state.root_used_kib + _logs_in_root(state))]
    rows.append(
        _blocks(state, "logs", "/var/log", state.logs_used_kib) if state.layout == "D" else rows[0]
    )
    rows.append(rows[0])
    if not _has_esp(state):
        return _table("1024-blocks      Used Available Capacity", rows), _NO_ESP
    total = _partition(state, "boot").sectors // 2 - 664
    rows.append(
        f"{device(state, 'boot')} {total:12d} {2304:9d} {total - 2304:9d} {1:7d}% /boot/efi\n"
    )
    return _table("1024-blocks      Used Available Capacity", rows), ""


def df_inodes(state: Dom0State) -> tuple[str, str]:
    """What `df -P -i / /var/log /boot /boot/efi` prints: stdout and stderr."""
    rows = [_inodes(state, "root", "/", state.root_inodes)]
    rows.append(_inodes(state, "logs", "/var/log", 412) if state.layout == "D" else rows[0])
    rows.append(rows[0])
    if not _has_esp(state):
        return _table("   Inodes   IUsed     IFree IUse%", rows), _NO_ESP
    rows.append(f"{device(state, 'boot')} {0:12d} {0:9d} {0:9d} {'-':>8s} /boot/efi\n")
    return _table("   Inodes   IUsed     IFree IUse%", rows), ""


_NO_ESP: Final = "df: '/boot/efi': No such file or directory\n"


def _has_esp(state: Dom0State) -> bool:
    return state.efi and bool(device(state, "boot"))


def _logs_in_root(state: Dom0State) -> int:
    return 0 if state.layout == "D" else state.logs_used_kib


def _partition(state: Dom0State, role: str) -> Partition:
    return next(p for p in partitions(state) if p.role == role)


def _table(header: str, rows: list[str]) -> str:
    return f"Filesystem     {header} Mounted on\n" + "".join(rows)


def _blocks(state: Dom0State, role: str, path: str, used: int) -> str:
    total = int(_partition(state, role).sectors // 2 * 0.9776)
    free = max(0, int(total * (1 - _RESERVED)) - used)
    share = -(-100 * used // (used + free))
    return f"{device(state, role)} {total:12d} {used:9d} {free:9d} {share:7d}% {path}\n"


def _inodes(state: Dom0State, role: str, path: str, used: int) -> str:
    total = _partition(state, role).sectors // 32
    share = -(-100 * used // total)
    return f"{device(state, role)} {total:12d} {used:9d} {total - used:9d} {share:7d}% {path}\n"
