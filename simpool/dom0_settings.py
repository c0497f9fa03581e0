"""What a simulated dom0 carries over, and how its files, arrays and clusters are."""

from rules.carried_over import CARRIED_PROBES, LOCALTIME, OLD_CLOCK
from rules.cluster_transport import COROSYNC_CONF
from rules.modified_files import VERIFY
from rules.software_raid import MDSTAT
from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State
from simpool.generations import GENERATIONS

_NO_ARRAYS = "Personalities : \nunused devices: <none>\n"
# What rpm finds on every installed dom0: the platform's own settings, times, documentation.
_OWN_CHANGES = (
    "S.5....T.  c /etc/chrony.conf\n"
    "S.5....T.  c /etc/sysconfig/network\n"
    ".......T.    /boot/initrd-dummy.img\n"
    "missing    d /usr/share/doc/bash-4.2.46/COPYING\n"
)


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    time = "/etc/chrony.conf" if GENERATIONS[state.release].chrony else "/etc/ntp.conf"
    there = ("/var/lib/xcp/networkd.db", "/etc/resolv.conf", time)
    paths = {probe.command.split()[-1]: probe for probe in CARRIED_PROBES}
    made = int(state.packages_installed.timestamp())
    stated = {
        probe.command: CannedAnswer(f"regular file|1402|644|root|root|{made}\n")
        if path in there
        else _absent("stat: cannot stat '{}'", path)
        for path, probe in paths.items()
    }
    return {
        **stated,
        LOCALTIME.command: CannedAnswer("/usr/share/zoneinfo/Europe/London\n"),
        OLD_CLOCK.command: _absent("cat: {}", "/etc/sysconfig/clock"),
        COROSYNC_CONF.command: _absent("cat: {}", "/etc/corosync/corosync.conf"),
        MDSTAT.command: CannedAnswer(_NO_ARRAYS),
        VERIFY.command: CannedAnswer(_OWN_CHANGES, "", 1),
    }


def _absent(words: str, path: str) -> CannedAnswer:
    return CannedAnswer("", f"{words.format(path)}: No such file or directory\n", 1)
