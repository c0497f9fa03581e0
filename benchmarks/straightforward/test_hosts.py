"""Twenty-five facts of every dom0, one command each, by stock testinfra."""

# ruff: noqa: D103 - as such files are written

from typing import Any

import pytest

COMMANDS = (
    "cat /etc/xensource-inventory",
    "cat /etc/xensource/pool.conf",
    "cat /etc/redhat-release",
    "cat /etc/os-release",
    "uname -s -r -m",
    "hostname",
    "date -u +%s",
    "cat /proc/uptime",
    "chronyc -n tracking",
    "cat /proc/mounts",
    "cat /etc/fstab",
    "df -P -k / /var/log /boot /boot/efi",
    "df -P -i / /var/log /boot /boot/efi",
    "cat /proc/partitions",
    "blkid -c /dev/null",
    "sed -n '1,/^$/p' /proc/cpuinfo",
    "lspci -n -m",
    "lspci -nn",
    "ls -1Aq /etc/firstboot.d/",
    "ls -1Aq /etc/firstboot.d/state/",
    "ls -1Aq /var/update/applied/",
    "cat /var/lib/xcp/state.db.generation",
    "du -sk /var/lib/xcp/blobs",
    "cat /proc/scsi/scsi",
    "cat /proc/mdstat",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_dom0_says(machine: Any, command: str) -> None:
    said = machine.run(command)
    assert said.rc in (0, 1), said.stderr
    assert said.stdout, command
