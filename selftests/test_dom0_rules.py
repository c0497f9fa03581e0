"""Services, certificates, settings of multipath and the boot disk, as a dom0 tells of them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.audit import Audit
from fixtures.exceptions import NotVerifiedError
from fixtures.releases import release
from rules.boot_multipath import boot_paths, noted_multipath, san_objections
from rules.listening import listening_ports
from rules.multipath_settings import (
    OWN_FILE,
    added_settings,
    multipath_settings,
    setting_differences,
)
from rules.services import added_services, failed_besides, not_running, services
from rules.trust import added_authorities, authority_differences
from selftests.faulty_pools import NOW
from selftests.release_data import DATA
from simpool.direct import facts_of
from simpool.dom0_trust import listening, service
from simpool.dom0_trust import services as healthy
from simpool.pools import build

GONE = "No such file or directory"


def dom0(stdout: str, stderr: str = "", rc: int = 0) -> Any:
    return SimpleNamespace(
        run=lambda _command: SimpleNamespace(stdout=stdout, stderr=stderr, rc=rc)
    )


@pytest.mark.parametrize("release", ["7.0", "7.2", "8.2", "8.3"])
def test_a_healthy_toolstack(release: str) -> None:
    known = services(dom0(healthy(release)))
    assert (not_running(known), failed_besides(known), added_services(known)) == ((), (), ())
    assert not known["plymouth-start"].loaded


@pytest.mark.parametrize(
    ("before", "after", "stopped"),
    [
        (service("xapi"), service("xapi", "activating"), ("xapi (activating)",)),
        (service("xapi"), "", ("xapi (not loaded)",)),
        (service("stunnel@xapi"), service("stunnel@xapi", "failed"), ("stunnel@xapi (failed)",)),
        (f"{service('stunnel@xapi')}\n", "", ()),
        (service("squeezed"), service("squeezed", "inactive"), ("squeezed (inactive)",)),
    ],
)
def test_a_toolstack_that_does_not_run(before: str, after: str, stopped: tuple[str, ...]) -> None:
    assert before in healthy("8.2")
    assert not_running(services(dom0(healthy("8.2").replace(before, after)))) == stopped


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "Id=xapi.service\n", "Failed to get properties: Connection timed out\n",
        service("xapi") + "Environment=PASSWORD=x\n", service("xapi") + "\nhalf",
        service("xapi") + "\nId=*.service\nLoadState=loaded\nActiveState=active\n",
        service("xapi").replace("=active", "="), service("xapi").replace("Id=xapi", "Id=a/b"),
    ],
)  # fmt: skip
def test_services_that_cannot_be_read(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        services(dom0(text))


def test_services_of_administrators() -> None:
    mine = [service(name, folder=f"/{place}/systemd/system") for name, place in
            (("b", "etc"), ("a", "usr/local/lib"), ("c", "usr/lib"), ("d", "run"))]  # fmt: skip
    assert added_services(services(dom0("\n".join(mine)))) == ("a", "b")


def test_authorities() -> None:
    folder = "/etc/pki/ca-trust/source/anchors"
    own = added_authorities(dom0(f"12 {folder}/b.crt\n9 {folder}/a.pem\ndone\n"))
    assert own == {"a.pem": 9, "b.crt": 12}
    assert authority_differences(own, own) == ()
    assert authority_differences(own, {"b.crt": 13, "c.crt": 1}) == (
        "a.pem only here", "c.crt only there", "another b.crt",
    )  # fmt: skip
    assert added_authorities(dom0("done\n", f"find: '{folder}': {GONE}")) == {}


def test_multipath_settings() -> None:
    said = f'{OWN_FILE}:defaults {{\n{OWN_FILE}:  wwid "36"\n{OWN_FILE}:\tpath  x\ndone\n'
    own = multipath_settings(dom0(said, f"grep: /etc/multipath/conf.d/*.conf: {GONE}"))
    assert own == {OWN_FILE: ("defaults {", "path x")}
    assert added_settings(own) == ()
    assert setting_differences(own, own) == ()
    assert setting_differences({}, own) == (f"{OWN_FILE} (2 lines less)",)
    assert multipath_settings(dom0("done\n", f"grep: {OWN_FILE}: {GONE}")) == {}


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        (listening(22, 443), {22, 443}),
        (listening(443, address="0" * 32), {443}),
        (listening(443, address="0B0200C0"), {443}),
        (listening(443, address="0100007F"), set()),
        (listening(443, address="0" * 24 + "01000000"), set()),
        (listening(443, address="0000000000000000FFFF00000100007F"), set()),
    ],
)
def test_ports(text: str, ports: set[int]) -> None:
    assert listening_ports(dom0(text, f"grep: /proc/net/tcp6: {GONE}")) == ports


def test_without_ports() -> None:
    with pytest.raises(NotVerifiedError):
        listening_ports(dom0("done\n"))
    with pytest.raises(NotVerifiedError):
        listening_ports(dom0(listening(22), f"grep: /proc/net/tcp: {GONE}"))


@pytest.mark.parametrize("read", [multipath_settings, added_authorities, listening_ports])
@pytest.mark.parametrize(
    "answer", [("",), ("x\ndone\n",), ("done\n", "Input/output error"), ("done\n", "", 1)]
)
def test_what_was_not_read_in_full(read: Callable[[Any], object], answer: tuple[Any, ...]) -> None:
    with pytest.raises(NotVerifiedError):
        read(dom0(*answer))


def test_multipath_settings_without_the_own_file() -> None:
    with pytest.raises(NotVerifiedError, match="sets nothing"):
        multipath_settings(dom0("done\n"))


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        (("MULTIPATHING_ENABLED='True'\n",), True),
        (("MULTIPATHING_ENABLED=False\n",), False),
        (("", f"grep: /etc/firstboot.d/data/sr-multipathing.conf: {GONE}", 2), None),
    ],
)
def test_what_was_noted_of_multipath(answer: tuple[Any, ...], noted: bool | None) -> None:
    assert noted_multipath(dom0(*answer)) is noted


@pytest.mark.parametrize(
    "answer",
    [
        ("",), ("", "", 1), ("", "Permission denied", 2), ("", f"cat: x: {GONE}", 127),
        ("MULTIPATHING_ENABLED='yes'\n",), ("MULTIPATHING_ENABLED='True\n",),
        ("MULTIPATHING_ENABLED='True'\nMULTIPATHING_ENABLED='False'\n",),
    ],
)  # fmt: skip
def test_a_note_that_cannot_be_read(answer: tuple[Any, ...]) -> None:
    with pytest.raises(NotVerifiedError):
        noted_multipath(dom0(*answer))


@pytest.mark.parametrize(
    ("target", "node", "noted", "expected"),
    [
        ("xenserver-9", "/dev/sda", False, []),
        ("xenserver-9", "/dev/dm-0", True, []),
        ("xenserver-9", "/dev/dm-0", False, [False]),
        ("xenserver-9", "/dev/sda", True, [False]),
        ("xenserver-8", "/dev/sda", True, [True]),
        ("xenserver-8", "/dev/mapper/3600", None, [True]),
        ("xenserver-8", "/dev/sda", None, []),
        ("xcp-ng-8.3", "/dev/dm-0", False, [True, True]),
    ],
)
def test_boot_disks(target: str, node: str, noted: bool | None, expected: list[bool]) -> None:
    found = san_objections(release(DATA, target), node, noted=noted)
    assert [bool(objection.lighter) for objection in found] == expected


@pytest.mark.parametrize("node", ["/dev/sda", "/dev/dm-0"])
def test_nothing_to_compare_a_boot_disk_with(node: str) -> None:
    with pytest.raises(NotVerifiedError, match="not noted on this host"):
        san_objections(release(DATA, "xenserver-9"), node, noted=None)


def test_paths_of_a_boot_disk() -> None:
    pool = Audit(facts_of(build("default"), NOW, ())).facts.pool
    assert boot_paths(pool.coordinator, "/dev/sda") is None
    with pytest.raises(NotVerifiedError, match="were not counted"):
        boot_paths(pool.coordinator, "/dev/dm-0")
