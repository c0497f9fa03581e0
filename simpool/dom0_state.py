"""What the dom0 of a simulated host is like; its answers follow from this."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Dom0State:
    """One dom0.

    Attributes:
        name: host name.
        brand: product brand.
        release: a key of `simpool.generations.GENERATIONS`.
        host_uuid: INSTALLATION_UUID of its inventory.
        domain_uuid: CONTROL_DOMAIN_UUID of its inventory.
        now: what its clock shows.
        booted: when it was started.
        memory_mib: dom0's own memory.
        pool_conf: `master`, or `slave:` and the coordinator's address.
        layout: partition layout `A`, `B`, `C` or `D`.
        local_sr: whether the primary disk holds a local SR.
        efi: whether it was booted by UEFI firmware.
        disk: path of the primary disk.
        disk_bytes: its size.
        root_used_kib: used of the root file system.
        root_inodes: inodes used of the root file system.
        logs_used_kib: used by /var/log, its own file system in layout D.
        safe2upgrade: whether the marker that orders a layout switch is there.
        patches: names in /var/patch/applied; None where the directory does not exist.
        updates: names in /var/update/applied; likewise.
        packages: name, version-release of packages beside those of the release.
        removed_packages: packages of the release that are not installed.
        offset: seconds that its clock is off its time source.
        time_source: whether its time service follows a source.
        blobs_kib: size of xapi's blobs.
        messages: number of messages among them.
        oldest_message: time of the oldest one.
        reboot_marker: whether xapi's marker of a pending reboot is there.
        metadata_cron: period of the scheduled metadata backup (`daily` ...), or empty.
        metadata_logged: when that last ran, None for never.
        missing_stamps: first-boot scripts that did not finish.
        generation: how often xapi has written its database.
        packages_installed: when the release's packages were installed.
    """

    name: str
    brand: str
    release: str
    host_uuid: str
    domain_uuid: str
    now: datetime
    booted: datetime
    memory_mib: int
    pool_conf: str
    layout: str
    oldest_message: datetime
    local_sr: bool = True
    efi: bool = True
    disk: str = "/dev/sda"
    disk_bytes: int = 299_573_968_896
    root_used_kib: int = 2_411_264
    root_inodes: int = 61_842
    logs_used_kib: int = 503_444
    safe2upgrade: bool = False
    patches: tuple[str, ...] | None = None
    updates: tuple[str, ...] | None = None
    packages: tuple[tuple[str, str], ...] = ()
    removed_packages: tuple[str, ...] = ()
    offset: float = 0.000021
    time_source: bool = True
    blobs_kib: int = 6_412
    messages: int = 214
    reboot_marker: bool = False
    metadata_cron: str = ""
    metadata_logged: datetime | None = None
    missing_stamps: tuple[str, ...] = ()
    generation: int = 812_345
    packages_installed: datetime = datetime(2017, 6, 2, 10, 21, tzinfo=UTC)
