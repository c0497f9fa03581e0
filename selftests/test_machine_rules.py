import pytest

from fixtures.dom0 import dom0_host
from fixtures.exceptions import NotVerifiedError
from fixtures.probes import OS_RELEASE, UNAME
from fixtures.raw import RawDom0, RawProbe
from rules.carried_over import LOCALTIME, OLD_CLOCK, time_zone
from rules.cluster_transport import COROSYNC_CONF, transport
from rules.modified_files import VERIFY, Modified, modified
from rules.software_raid import array_names, array_problems

END = "unused devices: <none>\n"
MIRROR = "md0 : active raid1 sdb1[1] sda1[0]\n      1 blocks super 1.0 [2/2] [UU]\n"


def said(command: str, stdout: str, status: int = 0, stderr: str = "") -> RawProbe:
    return RawProbe(command, "done", status, 0.0, stdout, stderr)


def dom0(*answers: RawProbe) -> object:
    known = (
        said(UNAME.command, "Linux 4.4.0+10 x86_64\n"),
        said(OS_RELEASE.command, 'ID="xenenterprise"\nVERSION_ID="7.2.0"\n'),
        *answers,
    )
    return dom0_host(RawDom0({answer.command: answer for answer in known}), "a")


@pytest.mark.parametrize(
    "arrays",
    [
        "",
        MIRROR,
        "md1 : active raid0 sdb2[1] sda2[0]\n      1 blocks 512k chunks\n",
        "md1 : active (auto-read-only) raid1 sdb[1] sda[0]\n      1 blocks [2/2] [UU]\n",
        f"{MIRROR}      [=>....]  check = 12.6% (1/8) finish=1min speed=1K/sec\n",
        "md127 : inactive sdb[1](S) sda[0](S)\n      6306 blocks super external:imsm\n",
        "md126 : active raid5 sdc[2] sdb[1] sda[0]\n      2 blocks level 5 [3/3] [UUU]\n",
    ],
)
def test_whole_arrays(arrays: str) -> None:
    assert array_problems(f"Personalities : [raid1]\n{arrays}{END}") == ()


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ("md0 : inactive sdb1[1](S)\n      1 blocks super 1.2\n", "md0 inactive"),
        (MIRROR.replace("[UU]", "[_U]"), "md0 degraded, 2 of 2 members"),
        (f"{MIRROR}        resync=PENDING\n", "md0 under resync"),
        (f"{MIRROR}      [==>..]  reshape =  3.4% (1/2)\n", "md0 under reshape"),
        (MIRROR.replace("sdb1[1]", "sdb1[1](F)"), "md0 has a failed member"),
    ],
)
def test_broken_arrays(arrays: str, found: str) -> None:
    assert array_problems(f"Personalities : [raid1]\n{arrays}{END}") == (found,)
    assert array_names(f"Personalities : [raid1]\n{arrays}{END}") == ("md0",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Personalities : [raid1]\n",
        f"Personalities : [raid1]\n{MIRROR}",
        f"{MIRROR}{END}",
        f"Personalities : [raid1]\n      1 blocks [2/1] [U_]\n{END}",
        f"Personalities : [raid1]\nmd0 : broken raid1 sda[0]\n{END}",
        f"Personalities : [raid1]\nzpool online\n{END}",
    ],
)
def test_other_texts_are_no_list_of_arrays(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        array_problems(text)


def verified(stdout: str, status: int, stderr: str = "") -> Modified:
    return modified(dom0(said(VERIFY.command, stdout, status, stderr)))


@pytest.mark.parametrize(
    ("line", "programs", "settings"),
    [
        ("S.5....T.  c /etc/ssh/sshd_config", (), ("/etc/ssh/sshd_config",)),
        ("S.5....T  c /etc/ssh/sshd_config", (), ("/etc/ssh/sshd_config",)),
        ("S.5....T.    /usr/bin/a b", ("/usr/bin/a b",), ()),
        ("....L....    /usr/bin/sh", ("/usr/bin/sh",), ()),
        ("missing     /usr/bin/sh", ("/usr/bin/sh (missing)",), ()),
        ("missing   c /etc/multipath.conf", (), ("/etc/multipath.conf (missing)",)),
        ("missing   d /usr/share/doc/x", (), ()),
        ("missing     /usr/share/locale/de/LC_MESSAGES/sed.mo", (), ()),
        ("S.5....T.  c /etc/sysconfig/network", (), ()),
        ("S.5....T.  g /var/log/lastlog", (), ()),
        (".M...UG..    /var/run/x", (), ()),
        (".......T.    /usr/bin/sh", (), ()),
    ],
)
def test_changed_files(line: str, programs: tuple[str, ...], settings: tuple[str, ...]) -> None:
    assert verified(f"{line}\n", 1) == Modified(programs, settings)


def test_many_packages() -> None:
    assert verified("S.5....T.    /usr/bin/sh\n", 254) == Modified(("/usr/bin/sh",), ())


def test_a_dom0_as_it_was_shipped() -> None:
    assert verified("", 0) == Modified((), ())


@pytest.mark.parametrize(
    ("stdout", "status", "stderr"),
    [
        ("", 1, ""),
        ("", 127, "sh: rpm: command not found"),
        ("S.5....T.  c /etc/ssh/sshd_config\n", 137, ""),
        ("S.5....T.  c /etc/ssh/sshd_config\n", 0, ""),
        ("S.5....T.  c /etc/fstab\n", 1, "error: rpmdb: damaged header"),
        ("..?......    /usr/bin/sh\n", 1, ""),
        ("Unsatisfied dependencies for x\n", 1, ""),
        ("S.5....T.  c etc/fstab\n", 1, ""),
    ],
)
def test_files_that_were_not_verified(stdout: str, status: int, stderr: str) -> None:
    with pytest.raises(NotVerifiedError):
        verified(stdout, status, stderr)


@pytest.mark.parametrize("named", ["udpu", "udp", "knet"])
def test_transports(named: str) -> None:
    text = f"totem {{\n  version: 2\n\ttransport: {named}\n}}\n"
    assert transport(dom0(said(COROSYNC_CONF.command, text))) == named


@pytest.mark.parametrize("text", ["", "totem {\n}\n", "transport: iba\n", "transport: udp knet\n"])
def test_unknown_transports(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        transport(dom0(said(COROSYNC_CONF.command, text)))


@pytest.mark.parametrize(
    ("target", "clock", "zone"),
    [
        ("/usr/share/zoneinfo/Etc/GMT+5\n", "", "Etc/GMT+5"),
        ("/etc/localtime\n", 'ZONE="Europe/Zagreb"\nUTC=true\n', "Europe/Zagreb"),
        ("/etc/localtime\n", "UTC=true\n", ""),
    ],
)
def test_time_zones(target: str, clock: str, zone: str) -> None:
    answers = (said(LOCALTIME.command, target), said(OLD_CLOCK.command, clock))
    assert time_zone(dom0(*answers)) == zone


def test_no_time_zone_without_an_answer() -> None:
    with pytest.raises(NotVerifiedError):
        time_zone(dom0(said(LOCALTIME.command, "")))
