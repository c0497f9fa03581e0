"""Hardware against a hardware list."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.exceptions import NotVerifiedError
from rules.hardware import Component, devices, matches, not_listed

NUMBERS = """00:1f.2 "0106" "8086" "8d02" -r05 -p01 "1028" "0600"
01:00.0 "0200" "14e4" "165f" -r02 "1028" "1f5b"
01:00.1 "0200" "14e4" "165f" -r02 "1028" "1f5b"
02:00.0 "0104" "1000" "005d" -r02 "1028" "1f49"
0b:00.0 "0300" "102b" "0534" "1028" "0639"
0000:81:00.0 "0c04" "1077" "2532" -r02 "" ""
"""
NAMES = """01:00.0 Ethernet controller [0200]: Broadcom NetXtreme BCM5720 [14e4:165f]
02:00.0 RAID bus controller [0104]: LSI MegaRAID SAS-3 3108 [Invader] [1000:005d] (rev 02)
"""
NIC = Component("nic", "Broadcom NetXtreme BCM5720", "14e4:165f:1028:1f5b")
RAID = Component("storage", "LSI MegaRAID SAS-3 3108 [Invader]", "1000:005d:1028:1f49")


def entry(
    kind: str, model: str = "", pci: str = "", releases: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"kind": kind, "vendor": "", "model": model, "pci": pci, "releases": list(releases)}


def test_controllers_of_network_and_storage_each_kind_once() -> None:
    found = devices(NUMBERS, NAMES)
    assert NIC in found
    assert RAID in found
    assert [c.kind for c in found] == ["storage", "nic", "nic", "storage", "storage"]
    assert found[-1] == Component("storage", "PCI device", "1077:2532")


def test_two_ports_of_one_card_are_one_without_names() -> None:
    assert len([c for c in devices(NUMBERS) if c.kind == "nic"]) == 1


@pytest.mark.parametrize(
    "text",
    ["", "lspci: command not found", NUMBERS + "x", NUMBERS.replace("0200", "02"), "\x00\n",
     "\n".join(line for line in NUMBERS.splitlines() if "0200" not in line),
     "\n".join(line for line in NUMBERS.splitlines() if "0200" in line)],
)  # fmt: skip
def test_rubbish_or_half_a_list_is_not_verified(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        devices(text)


@given(st.text(), st.text())
def test_never_another_error(numbers: str, names: str) -> None:
    with pytest.raises(NotVerifiedError):
        devices(numbers, names)


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        (entry("nic", pci="14e4:165f"), ()),
        (entry("nic", pci="14e4:165f:1028:1f5b"), ()),
        (entry("nic", pci="14e4:165f:1028:0000"), (NIC,)),
        (entry("nic", pci="14e4:165"), (NIC,)),
        (entry("storage", pci="14e4:165f"), (NIC,)),
        (entry("nic", model="broadcom  NetXtreme*"), ()),
        (entry("nic", pci="14e4:165f", releases=("xenserver-8",)), (NIC,)),
        (entry("nic", pci="14e4:165f", releases=("xenserver-7.2", "xenserver-8")), ()),
    ],
)
def test_an_entry(listed: dict[str, Any], missing: tuple[Component, ...]) -> None:
    assert not_listed([NIC], [listed], "xenserver-7.2") == missing


def test_an_empty_list_knows_nothing() -> None:
    assert not_listed([NIC, RAID], [], "xenserver-7.2") == (NIC, RAID)
    assert RAID.label == f"storage {RAID.name} [1000:005d:1028:1f49]"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("PowerEdge R630", "poweredge r630 ", True),
        ("PowerEdge R63", "PowerEdge R630", False),
        ("Intel*E5-26*v4*", "Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz", True),
        ("Intel*E5-26*v3*", "Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz", False),
        ("*", "anything", True),
        ("ab*ba", "aba", False),
        ("*630", "PowerEdge R630", True),
        (".*", "PowerEdge", False),
        ("a*" * 400 + "b", "a" * 5000, False),
    ],
)
def test_patterns(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits
