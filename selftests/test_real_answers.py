"""What the tools of real dom0s print beside the plain case: old, odd and broken answers."""

from datetime import date
from typing import Any

import pytest

from fixtures.dom0 import dom0_host
from fixtures.exceptions import NotVerifiedError
from fixtures.probes import FIRSTBOOT, FIRSTBOOT_SCRIPTS, FIRSTBOOT_STATE, Probe
from fixtures.raw import RawDom0, RawProbe
from fixtures.release_facts import Fact
from fixtures.release_features import HardwareRule
from rules.added_by_hand import CRONTABS, added_crontabs
from rules.boot_hardware import known_bad
from rules.foreign_packages import TRANSACTIONS, foreign_packages, unfinished_transactions
from rules.installer import has_disk, labels_found, unfinished
from rules.interface_names import NAMED_INTERFACES, files_naming_interfaces
from rules.scsi_devices import SCSI, tapes

PARTITIONS = "major minor  #blocks  name\n\n   8        0  292567040 sda\n"
FLOPPY = """Attached devices:
Host: scsi0 Channel: 02 Id: 00 Lun: 00
  Vendor: DELL     Model: PERC H730 Mini   Rev: 4.30
  Type:   Direct-Access                    ANSI  SCSI revision: 05
Host: scsi1 Channel: 00 Id: 00 Lun: 00
  Vendor: iDRAC    Model: Virtual Floppy   Rev: 0326
  Type:   Direct-Access                    ANSI  SCSI revision: 01 CCS
"""


def dom0(*answers: tuple[Probe, str, str]) -> Any:
    probes = {
        probe.command: RawProbe(probe.command, "done", 0, 0.1, stdout, stderr)
        for probe, stdout, stderr in answers
    }
    return dom0_host(RawDom0(probes=probes), "xen-01")


@pytest.mark.parametrize(
    "complaint",
    ["sh: grep: command not found\n", "grep: /etc/cron.d/x: Input/output error\n",
     "grep: /etc/crontab: Permission denied\n", "grep: memory exhausted\n"],
)  # fmt: skip
def test_scripts_that_grep_did_not_read_are_not_verified(complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match="which scripts name an interface"):
        files_naming_interfaces(dom0((NAMED_INTERFACES, "end of the list\n", complaint)))


def test_scripts_that_are_not_there_name_no_interface() -> None:
    said = (
        "grep: /etc/cron.weekly/*: No such file or directory\ngrep: /etc/cron.d/x: Is a directory\n"
    )
    found = files_naming_interfaces(dom0((NAMED_INTERFACES, "/a b\nend of the list\n", said)))
    assert found == ("/a b",)


def test_a_virtual_floppy_of_an_old_standard_is_no_rubbish() -> None:
    assert tapes(dom0((SCSI, FLOPPY, ""))) == ()
    assert tapes(dom0((SCSI, FLOPPY.replace("Direct-Access    ", "Sequential-Access"), ""))) != ()


def test_labels_of_guests_with_quotes() -> None:
    lines = [
        '/dev/sda1: LABEL="root-yxawvnaz" UUID="1f" SEC_TYPE="ext2" TYPE="ext3" ',
        r'/dev/tdc: LABEL="the \"old\" disk\\" TYPE="ntfs"',
        '/dev/sda4: LABEL_FATBOOT="BOOT-A" LABEL="BOOT-A" BLOCK_SIZE="512" TYPE="vfat"',
    ]
    found = labels_found("\n".join(lines))
    assert {"root-yxawvnaz", "BOOT-A"} < found
    with pytest.raises(NotVerifiedError):
        labels_found('/dev/tdc: LABEL="half \\" TYPE=')


def test_a_guest_cannot_label_itself_root() -> None:
    assert labels_found(r'/dev/tdc: LABEL="x\" LABEL=\"root-abc" TYPE="ntfs"') == {
        r"x\" LABEL=\"root-abc"
    }


def test_first_boot_counts_what_the_installer_counts() -> None:
    answers = [
        (FIRSTBOOT, "05-a\n7late\ndata\nstate\n", ""),
        (FIRSTBOOT_SCRIPTS, "05-a\n7late\n", ""),
        (FIRSTBOOT_STATE, "05-a\n", ""),
    ]
    assert unfinished(dom0(*answers)) == ("7late",)
    assert "-type" not in FIRSTBOOT_SCRIPTS.command, "the installer follows links"


def test_stamps_that_an_update_by_packages_left_behind() -> None:
    stamps = (FIRSTBOOT_STATE, "05-a\n", "")
    left = ((FIRSTBOOT, "data\nlog\nstate\n", ""), (FIRSTBOOT_SCRIPTS, "", ""), stamps)
    assert unfinished(dom0(*left)) == ()
    with pytest.raises(NotVerifiedError):
        unfinished(dom0((FIRSTBOOT, "05-a\nstate\n", ""), (FIRSTBOOT_SCRIPTS, "", ""), stamps))


def test_names_of_software_raids_are_not_missing_disks() -> None:
    assert has_disk(PARTITIONS, "/dev/sda")
    assert has_disk(PARTITIONS.replace("sda", "cciss!c0d0"), "/dev/cciss/c0d0")
    with pytest.raises(NotVerifiedError, match="it is an alias"):
        has_disk(PARTITIONS, "/dev/md_d127")


def test_the_vendors_own_files_are_nobodys_work() -> None:
    own = "/etc/cron.d/logrotate.cron.rpmsave\n/etc/cron.d/0hourly\n"
    assert added_crontabs(dom0((CRONTABS, f"{own}done\n", ""))) == ()
    assert added_crontabs(dom0((CRONTABS, "/etc/cron.d/logrotate.cronx\ndone\n", ""))) != ()


def test_a_transaction_that_was_given_up_is_not_unfinished() -> None:
    name = "transaction-all.2024-01-02.03:04.05"
    said = f"{name}\n{name}.disabled\ndone\n"
    assert unfinished_transactions(dom0((TRANSACTIONS, said, ""))) == (name,)


@pytest.mark.parametrize(
    ("product", "bad"),
    [("PowerEdge R730", True), ("PowerEdge R730xd", True), ("PowerEdge r730XD", True),
     ("PowerEdge R730x", False), ("PowerEdge R740", False)],
)  # fmt: skip
def test_servers_by_name(product: str, bad: bool) -> None:
    fact = Fact("freezes", "a source", date(2026, 1, 1), "verified")
    rule = HardwareRule(
        (), ("PowerEdge R730", "PowerEdge R730xd"), "2.8.0", efi_only=True, fact=fact
    )
    bios = {"system-product-name": product, "bios-version": "2.4.3"}
    assert bool(known_bad([rule], [], bios, efi=True)) is bad


@pytest.mark.parametrize(
    ("name", "release", "vendor", "foreign"),
    [
        ("xapi-core", "1.6.xcpng8.3", "Koji", False),
        ("xen-hypervisor", "7.10.1.xcpng", "(none)", False),
        ("xcp-ng-release", "10", "(none)", False),
        ("elxocmcore-esx", "1", "Emulex", False),
        ("htop", "1.el7", "Fedora Project", True),
        ("tool", "1.xcpngx", "(none)", True),
        ("elxocmx", "1", "Emulex", True),
    ],
)
def test_what_the_release_brings_is_not_foreign(
    name: str, release: str, vendor: str, foreign: bool
) -> None:
    found = foreign_packages(f"{name}\t(none)\t1\t{release}\tx86_64\t{vendor}\n", ())
    assert bool(found) is foreign
