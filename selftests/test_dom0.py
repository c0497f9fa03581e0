from collections.abc import Callable
from dataclasses import replace

import pytest
import testinfra.host

from fixtures import probes
from fixtures.dom0 import dom0_host
from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from fixtures.raw import RawDom0, RawProbe

MOUNTS = """rootfs / rootfs rw 0 0
/dev/sda1 / ext3 rw,relatime 0 0
/dev/sda5 /var/log ext3 rw,noatime 0 0
"""
PACKAGES = (
    "xapi-core\t(none)\t1.30.0\t1\tx86_64\tCitrix\n"
    "kernel\t(none)\t4.4.0\t1\tx86_64\tCitrix\n"
    "kernel\t(none)\t4.4.0\t2\tx86_64\tCitrix\n"
)


def done(probe: Probe, stdout: str = "", status: int = 0, stderr: str = "") -> RawProbe:
    return RawProbe(probe.command, "done", status, 0.1, stdout, stderr)


def dom0(*answers: RawProbe, cause: str = "", **connection: str) -> testinfra.host.Host:
    found = {answer.command: answer for answer in answers}
    return dom0_host(RawDom0(found, cause, connection), "alpha")


def unknown(message: str) -> pytest.RaisesExc[NotVerifiedError]:
    return pytest.raises(NotVerifiedError, match=message)


SYSTEM = (
    done(probes.UNAME, "Linux 4.4.0+10 x86_64\n"),
    done(probes.OS_RELEASE, 'ID="xenserver"\nVERSION_ID="7.2"\n'),
)


def test_a_file() -> None:
    host = dom0(*SYSTEM, done(probes.file("/etc/a b"), "café\n"))
    found = host.file("/etc/a b")
    assert found.exists
    assert found.content_string == "café\n"
    assert found.content == "café\n".encode()
    assert not found.is_directory
    with unknown("size"):
        assert found.size
    with unknown("what sort of file"):
        assert found.is_file


def test_a_file_that_is_not_there_is_a_fact() -> None:
    said = "cat: /etc/x: No such file or directory"
    found = dom0(*SYSTEM, done(probes.file("/etc/x"), status=1, stderr=said)).file("/etc/x")
    assert not found.exists
    assert not found.is_directory
    with unknown("ended with 1"):
        assert found.content


def test_a_file_that_cannot_be_read_is_unknown() -> None:
    said = "cat: /etc/x: Input/output error"
    found = dom0(*SYSTEM, done(probes.file("/etc/x"), status=1, stderr=said)).file("/etc/x")
    with unknown("Input/output error"):
        assert not found.exists
    denied = done(probes.file("/etc/x"), status=1, stderr="cat: /etc/x: Permission denied")
    assert dom0(*SYSTEM, denied).file("/etc/x").exists


def test_existence_and_attributes() -> None:
    host = dom0(
        *SYSTEM,
        done(probes.exists("/a"), "regular file|42|644|root|wheel|1500000000\n"),
        done(probes.exists("/b"), "directory|4096|755|root|root|1500000000\n"),
        done(
            probes.exists("/c"),
            status=1,
            stderr="stat: cannot stat `/c': No such file or directory",
        ),
        done(probes.exists("/d"), status=1, stderr="stat: cannot stat `/d': Stale NFS file handle"),
        done(probes.exists("/e"), "rubbish\n"),
    )
    assert host.file("/a").exists
    assert host.file("/a").is_file
    assert not host.file("/a").is_directory
    assert (host.file("/a").size, host.file("/a").mode, host.file("/a").user) == (42, 0o644, "root")
    assert (host.file("/a").group, host.file("/a").mtime.year) == ("wheel", 2017)
    assert host.file("/b").is_directory
    assert not host.file("/c").exists
    assert not host.file("/c").is_file
    with unknown("Stale NFS"):
        assert not host.file("/d").exists
    with unknown("another form"):
        assert host.file("/e").exists


def test_a_directory() -> None:
    host = dom0(
        *SYSTEM,
        done(probes.directory("/x"), ".hidden\none\ntwo words\n"),
        done(probes.directory("/empty")),
        done(probes.directory("/file"), status=2, stderr="ls: /file/: Not a directory"),
        done(probes.directory("/gone"), status=2, stderr="ls: /gone/: No such file or directory"),
    )
    assert host.file("/x").listdir() == ["one", "two words"]
    assert host.file("/x").is_directory
    assert host.file("/empty").listdir() == []
    assert not host.file("/file").is_directory
    with unknown("whether /file exists"):
        assert host.file("/file").exists
    assert not host.file("/gone").exists
    with unknown("No such file"):
        host.file("/gone").listdir()


def test_a_link() -> None:
    host = dom0(
        *SYSTEM, done(probes.link("/var/xapi"), "/var/lib/xcp\n"), done(probes.link("/x"), status=1)
    )
    assert host.file("/var/xapi").linked_to == "/var/lib/xcp"
    with unknown("where /x leads"):
        assert host.file("/x").linked_to


def test_mount_points() -> None:
    host = dom0(*SYSTEM, done(probes.MOUNTS, MOUNTS))
    assert host.mount_point("/").device == "/dev/sda1"
    assert host.mount_point("/var/log").exists
    assert host.mount_point("/var/log").filesystem == "ext3"
    assert not host.mount_point("/boot/efi").exists
    with unknown("gave nothing"):
        assert not dom0(*SYSTEM, done(probes.MOUNTS)).mount_point("/").exists
    with unknown("not collected"):
        assert not dom0(*SYSTEM).mount_point("/").exists


def test_packages() -> None:
    host = dom0(*SYSTEM, done(probes.PACKAGES, PACKAGES))
    assert host.package("xapi-core").is_installed
    assert (host.package("xapi-core").version, host.package("xapi-core").release) == ("1.30.0", "1")
    assert host.package("xapi-core-1.30.0").is_installed
    assert not host.package("telnet").is_installed
    assert host.package("kernel").is_installed
    assert host.package("kernel").version == "4.4.0"
    with unknown("more than once"):
        assert host.package("kernel").release


@pytest.mark.parametrize(
    "answer",
    [
        done(probes.PACKAGES, PACKAGES, 1),
        done(probes.PACKAGES, PACKAGES, stderr="error: rpmdbNextIterator: damaged"),
        done(probes.PACKAGES, ""),
        done(probes.PACKAGES, "half a li"),
        replace(done(probes.PACKAGES, PACKAGES), truncated=True),
        RawProbe(probes.PACKAGES.command, "timeout", stdout=PACKAGES),
    ],
)
def test_an_unreliable_package_list_is_no_list(answer: RawProbe) -> None:
    with pytest.raises(NotVerifiedError):
        assert not dom0(*SYSTEM, answer).package("telnet").is_installed


def test_declared_commands() -> None:
    host = dom0(
        done(Probe("hostname"), "alpha\n"),
        done(probes.command("grep %s /etc/fstab", "a b"), "x a b\n"),
        done(Probe("ls /gone"), status=2, stderr="no"),
    )
    assert host.check_output("hostname") == "alpha"
    assert host.check_output("grep %s /etc/fstab", "a b") == "x a b"
    assert host.run("ls /gone").rc == 2
    with pytest.raises(AssertionError):
        host.check_output("ls /gone")


@pytest.mark.parametrize(
    "command", ["hostname -f", "rm -rf /", "test -x /a", "grep -qs -- a /b", "command -v ls"]
)
def test_anything_else_is_unknown(command: str) -> None:
    with unknown("was not collected"):
        dom0(*SYSTEM, done(Probe("hostname"), "alpha\n")).run(command)


def test_the_cause_of_the_host_comes_first() -> None:
    host = dom0(*SYSTEM, done(probes.MOUNTS, MOUNTS), cause="nobody answers at 10.0.0.1")
    asked: list[Callable[[], object]] = [
        lambda: host.file("/etc/fstab").exists,
        lambda: host.mount_point("/").exists,
        lambda: host.package("xapi").is_installed,
        lambda: host.run("hostname"),
        lambda: host.system_info.type,
    ]
    for ask in asked:
        with unknown("nobody answers"):
            ask()


def test_what_was_not_answered_is_unknown() -> None:
    hang = RawProbe("hostname", "timeout")
    with unknown("did not end within its deadline"):
        dom0(hang).run("hostname")
    lost = RawProbe("hostname", "missing")
    with unknown("no complete answer"):
        dom0(lost).run("hostname")
    with unknown(r"ended early: dropped"):
        dom0(lost, ended="dropped").run("hostname")
    cut = replace(done(Probe("hostname"), "alph"), truncated=True)
    with unknown("longer than its limit"):
        dom0(cut).run("hostname")


def test_hostile_names_stay_on_one_line() -> None:
    with pytest.raises(NotVerifiedError) as failure:
        dom0(*SYSTEM).run("cat -- '/etc/\x1b[31m\u202e\nx" + "y" * 500 + "'")
    assert len(str(failure.value)) < 250
    assert str(failure.value).isprintable()


def test_system_info() -> None:
    host = dom0(*SYSTEM)
    assert (host.system_info.type, host.system_info.distribution) == ("linux", "xenserver")
    assert (host.system_info.release, host.system_info.arch) == ("7.2", "x86_64")
