"""What a simulated dom0 prints of its release, time service, packages and scheduled work."""

from typing import Final

from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State
from simpool.generations import GENERATIONS
from simpool.hardware import CPU_FLAGS, DISK, PROCESSOR

FIRSTBOOT_SCRIPTS: Final = (
    "05-prepare-networking", "10-prepare-storage", "40-generate-iscsi-iqn", "60-import-keys",
    "61-regenerate-old-templates", "62-create-guest-templates", "80-common-criteria",
    "90-flush-pool-db", "95-legacy-logrotate", "99-remove-firstboot-flag",
)  # fmt: skip

CHRONY_LOST: Final = """Reference ID    : 00000000 ()
Stratum         : 0
Ref time (UTC)  : Thu Jan 01 00:00:00 1970
System time     : 0.000000000 seconds fast of NTP time
Last offset     : +0.000000000 seconds
RMS offset      : 0.000000000 seconds
Leap status     : Not synchronised
"""

# Name, version, release; the kernel, Xen and xapi follow from the pool's own release.
_PACKAGES: Final = (
    ("bash", "4.2.46", "20.el7_2"),
    ("bind-libs", "9.9.4", "29.el7_2.4"),
    ("biosdevname", "0.5.0", "10.el7"),
    ("bridge-utils", "1.5", "9.el7"),
    ("busybox", "1.22.1", "2"),
    ("bzip2", "1.0.6", "13.el7"),
    ("ca-certificates", "2015.2.6", "70.1.el7_2"),
    ("centos-release", "7", "2.1511.el7"),
    ("coreutils", "8.22", "15.el7_2.1"),
    ("cronie", "1.4.11", "14.el7_2"),
    ("curl", "7.29.0", "25.el7"),
    ("device-mapper", "1.02.107", "5.el7_2.5"),
    ("device-mapper-multipath", "0.4.9", "99.xs1"),
    ("dhclient", "4.2.5", "42.el7"),
    ("dmidecode", "2.12", "9.el7"),
    ("dosfstools", "3.0.20", "9.el7"),
    ("e2fsprogs", "1.42.9", "7.el7"),
    ("ethtool", "3.15", "2.el7"),
    ("filesystem", "3.2", "20.el7"),
    ("findutils", "4.5.11", "5.el7"),
    ("forkexecd", "1.0.0", "1"),
    ("gawk", "4.0.2", "4.el7"),
    ("gdisk", "0.8.6", "5.el7"),
    ("glibc", "2.17", "106.el7_2.8"),
    ("gpumon", "0.4.0", "1"),
    ("grep", "2.20", "2.el7"),
    ("grub", "2.02", "3.0.0"),
    ("iproute", "3.10.0", "54.el7_2.1"),
    ("iptables", "1.4.21", "16.el7"),
    ("iscsi-initiator-utils", "6.2.0.873", "33.xs"),
    ("kexec-tools", "2.0.4", "1"),
    ("logrotate", "3.8.6", "7.el7_2"),
    ("lvm2", "2.02.130", "5.el7_2.5"),
    ("message-switch", "1.0.0", "1"),
    ("nfs-utils", "1.3.0", "0.21.el7_2.1"),
    ("openssh-server", "6.6.1p1", "25.el7_2"),
    ("openssl", "1.0.1e", "51.el7_2.7"),
    ("openvswitch", "2.5.3", "1"),
    ("parted", "3.1", "23.el7"),
    ("pciutils", "3.2.1", "4.el7"),
    ("python", "2.7.5", "39.el7_2"),
    ("qemu-xen", "2.2.1", "4.36"),
    ("rsync", "3.0.9", "17.el7"),
    ("rsyslog", "7.4.7", "12.el7"),
    ("sed", "4.2.2", "5.el7"),
    ("sm", "1.17.0", "1"),
    ("squeezed", "0.14.0", "1"),
    ("stunnel", "4.56", "4.el7"),
    ("systemd", "219", "19.el7_2.13"),
    ("tar", "1.26", "29.el7"),
    ("util-linux", "2.23.2", "26.el7_2.3"),
    ("vhd-tool", "0.12.0", "1"),
    ("xcp-networkd", "0.23.0", "1"),
    ("xcp-rrdd", "1.3.0", "1"),
    ("xenopsd", "0.26.0", "1"),
    ("xenserver-logrotate", "7.2.0", "1"),
    ("xsconsole", "10.0.1", "1"),
)
_VENDORS: Final = {"XCP-ng": "XCP-ng community"}


def redhat_release(state: Dom0State) -> str:
    """What /etc/redhat-release holds."""
    made = GENERATIONS[state.release]
    build = f"-{made.build}" if state.release == "6.5" else ""
    return f"{state.brand} release {made.product_version}{build} (xenenterprise)\n"


def os_release(state: Dom0State) -> str:
    """What /etc/os-release holds."""
    version = GENERATIONS[state.release].product_version
    return (
        f'NAME="{state.brand}"\nVERSION="{version}"\nID="xenenterprise"\n'
        'ID_LIKE="centos rhel fedora"\n'
        f'VERSION_ID="{version}"\nPRETTY_NAME="{state.brand} {version}"\n'
    )


def inventory(state: Dom0State) -> str:
    """What /etc/xensource-inventory holds."""
    made = GENERATIONS[state.release]
    short = ".".join(made.product_version.split(".")[:2])
    values = {
        "PRIMARY_DISK": DISK,
        "PRODUCT_VERSION": made.product_version,
        "DOM0_VCPUS": "16",
        "CONTROL_DOMAIN_UUID": state.domain_uuid,
        "DOM0_MEM": str(state.memory_mib),
        "COMPANY_NAME_SHORT": "XCP-ng" if state.brand == "XCP-ng" else "Citrix",
        "MANAGEMENT_ADDRESS_TYPE": "IPv4",
        "PRODUCT_VERSION_TEXT": short,
        "PRODUCT_BRAND": state.brand,
        "INSTALLATION_UUID": state.host_uuid,
        "PRODUCT_VERSION_TEXT_SHORT": short,
        "BRAND_CONSOLE": "XCP-ng Center" if state.brand == "XCP-ng" else "XenCenter",
        "PRODUCT_NAME": "xenenterprise",
        "MANAGEMENT_INTERFACE": "xenbr0",
        "COMPANY_NAME": "Open Source" if state.brand == "XCP-ng" else "Citrix Systems, Inc.",
        "STUNNEL_LEGACY": "true",
        "BUILD_NUMBER": made.build,
        "PLATFORM_VERSION": made.platform_version,
        "PLATFORM_NAME": "XCP",
        "BACKUP_PARTITION": f"{state.disk}2",
        "INSTALLATION_DATE": "2017-06-02 10:21:13.448209",
        "CURRENT_INTERFACES": "xenbr0",
    }
    if state.release == "6.5":
        values |= {
            "KERNEL_VERSION": made.linux,
            "XEN_VERSION": made.xen,
            "LINUX_KABI_VERSION": made.linux,
        }
    if state.release not in {"6.5", "7.0"}:
        values["PARTITION_LAYOUT"] = _layout(state)
    return "".join(f"{key}='{value}'\n" for key, value in values.items())


def _layout(state: Dom0State) -> str:
    roles = {"D": "ROOT,BACKUP,LOG,BOOT,SWAP,SR", "C": "ROOT,BACKUP,BOOT,SR"}
    found = roles.get(state.layout, "ROOT,BACKUP,SR")
    return found if state.local_sr else found.removesuffix(",SR")


def cpuinfo() -> str:
    """The first processor of /proc/cpuinfo."""
    return (
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 79\n"
        f"model name\t: {PROCESSOR}\nstepping\t: 1\ncpu MHz\t\t: 2394.454\n"
        f"flags\t\t: {CPU_FLAGS}\n\n"
    )


def chrony(offset: float) -> str:
    """What `chronyc -n tracking` prints when a source is followed; `offset` in seconds."""
    way = "slow" if offset < 0 else "fast"
    return (
        "Reference ID    : C6336402 (198.51.100.2)\nStratum         : 3\n"
        "Ref time (UTC)  : Mon Nov 23 06:51:12 2026\n"
        f"System time     : {abs(offset):.9f} seconds {way} of NTP time\n"
        f"Last offset     : {offset:+.9f} seconds\nRMS offset      : 0.000041023 seconds\n"
        "Frequency       : 11.204 ppm slow\nRoot delay      : 0.010523 seconds\n"
        "Root dispersion : 0.001042 seconds\nUpdate interval : 1036.2 seconds\n"
        "Leap status     : Normal\n"
    )


def ntp(offset: float, *, following: bool) -> str:
    """What `ntpq -pn` prints; `offset` in seconds, printed in milliseconds."""
    mark, reach = ("*", 377) if following else (" ", 0)
    return (
        "     remote           refid      st t when poll reach   delay   offset  jitter\n"
        "==============================================================================\n"
        f"{mark}198.51.100.2    192.0.2.250      2 u  512 1024  {reach:3d}    0.412"
        f"  {offset * 1000:7.3f}   0.211\n"
        f" 198.51.100.3    192.0.2.250      2 u  480 1024  {reach:3d}    0.533"
        f"  {offset * 1000:7.3f}   0.304\n"
    )


def rpm(state: Dom0State) -> str:
    """The installed packages as the probe prints them."""
    vendor = _VENDORS.get(state.brand, "Citrix Systems, Inc.")
    lines = (f"{n}\t(none)\t{v}\t{r}\tx86_64\t{vendor}" for n, v, r in _installed(state))
    return "".join(f"{line}\n" for line in sorted(lines))


def install_times(state: Dom0State) -> str:
    """When each package was installed, as Unix time and name."""
    when = int(state.packages_installed.timestamp())
    return "".join(f"{when}\t{name}\n" for name, _, _ in sorted(_installed(state)))


def _installed(state: Dom0State) -> list[tuple[str, str, str]]:
    made = GENERATIONS[state.release]
    rows = [
        *_PACKAGES,
        ("kernel", *_split(made.linux, "+")),
        ("xen-hypervisor", *_split(made.xen, "-")),
        ("xapi-core", made.xapi_build or made.xapi, "1"),
        ("chrony" if made.chrony else "ntp", "4.2.6p5", "22.el7"),
        *((name, *_split(version, "-")) for name, version in state.packages),
    ]
    return [row for row in rows if row[0] not in state.removed_packages]


def _split(version: str, by: str) -> tuple[str, str]:
    head, _, tail = version.partition(by)
    return head, tail or "1"


def cron_backup(state: Dom0State) -> CannedAnswer:
    """What `ls -l` of the four possible links of the scheduled metadata backup prints."""
    periods = ("hourly", "daily", "weekly", "monthly")
    paths = {period: f"/etc/cron.{period}/backup-metadata" for period in periods}
    problems = "".join(
        f"ls: cannot access {path}: No such file or directory\n"
        for period, path in paths.items()
        if period != state.metadata_cron
    )
    found = (
        f"lrwxrwxrwx 1 root root 46 Jun  2  2017 {paths[state.metadata_cron]}"
        " -> /opt/xensource/libexec/backup-metadata-cron\n"
        if state.metadata_cron
        else ""
    )
    return CannedAnswer(found, problems, 2)


def log_backup(state: Dom0State) -> str:
    """The last line of the log about the scheduled metadata backup."""
    if state.metadata_logged is None:
        return ""
    when = state.metadata_logged.strftime("%b %e %H:%M:%S")
    by = f"{state.name} run-parts(/etc/cron.daily)[21734]"
    return f"/var/log/cron:{when} {by}: finished backup-metadata\n"
