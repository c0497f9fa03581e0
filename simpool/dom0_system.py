"""What a simulated dom0 prints of its release, time service, packages and scheduled work."""

from typing import Final

from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State
from simpool.generations import GENERATIONS
from simpool.hardware import CPU_FLAGS, PROCESSOR

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

# Name, epoch, version, release, architecture; the kernel, Xen and xapi follow from the release.
_PACKAGES: Final = (
    ("bash", "(none)", "4.2.46", "20.el7_2", "x86_64"),
    ("coreutils", "(none)", "8.22", "15.el7_2.1", "x86_64"),
    ("glibc", "(none)", "2.17", "106.el7_2.8", "x86_64"),
    ("openssh-server", "(none)", "6.6.1p1", "25.el7_2", "x86_64"),
    ("openssl", "1", "1.0.1e", "51.el7_2.7", "x86_64"),
    ("device-mapper-multipath", "(none)", "0.4.9", "99.xs1", "x86_64"),
    ("openvswitch", "(none)", "2.5.3", "1", "x86_64"),
    ("sm", "(none)", "1.17.0", "1", "x86_64"),
    ("xcp-networkd", "(none)", "0.23.0", "1", "x86_64"),
    ("xenopsd", "(none)", "0.26.0", "1", "x86_64"),
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
        f'NAME="{state.brand}"\nVERSION="{version}"\nID="xenenterprise"\nID_LIKE="centos rhel fedora"\n'
        f'VERSION_ID="{version}"\nPRETTY_NAME="{state.brand} {version}"\n'
    )


def inventory(state: Dom0State) -> str:
    """What /etc/xensource-inventory holds."""
    made = GENERATIONS[state.release]
    short = ".".join(made.product_version.split(".")[:2])
    values = {
        "PRIMARY_DISK": "/dev/disk/by-id/scsi-36848f690e6a4cd001e6b7c1f0a4d2e11",
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
        values |= {"KERNEL_VERSION": made.linux, "XEN_VERSION": made.xen, "LINUX_KABI_VERSION": made.linux}
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
    made = GENERATIONS[state.release]
    vendor = _VENDORS.get(state.brand, "Citrix Systems, Inc.")
    rows = [
        *_PACKAGES,
        ("kernel", "(none)", *made.linux.split("+"), "x86_64"),
        ("xen-hypervisor", "(none)", *made.xen.split("-", 1), "x86_64"),
        ("xapi-core", "(none)", made.xapi_build or made.xapi, "1", "x86_64"),
        ("chrony" if made.chrony else "ntp", "(none)", "4.2.6p5", "22.el7", "x86_64"),
    ]
    rows += [(name, "(none)", *version.split("-", 1), "x86_64") for name, version in state.packages]
    lines = sorted("\t".join((*row, vendor)) for row in rows if row[0] not in state.removed_packages)
    return "".join(f"{line}\n" for line in lines)


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
    return f"/var/log/cron:{when} {state.name} run-parts(/etc/cron.daily)[21734]: finished backup-metadata\n"
