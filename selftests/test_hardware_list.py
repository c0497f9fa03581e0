"""The hardware list of a site: CSV and JSON, and the line of every mistake."""

import json
from pathlib import Path

import pytest

from fixtures.exceptions import UsageProblemError
from fixtures.hardware_list import KINDS, read_hardware_list

EXAMPLE = Path(__file__).resolve().parents[1] / "docs" / "hardware-list-example.csv"
HEAD = "kind,vendor,model,pci,releases,note\n"


def read(tmp_path: Path, text: str | bytes) -> list[dict[str, object]]:
    path = tmp_path / "hcl.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_hardware_list(path)


def test_the_example_reads() -> None:
    entries = read_hardware_list(EXAMPLE)
    assert {entry["kind"] for entry in entries} == set(KINDS)
    assert all(entry["model"] or entry["pci"] for entry in entries)


def test_csv(tmp_path: Path) -> None:
    text = (
        f'\ufeff# note, with "quotes\n\n{HEAD}nic,Intel,,8086:157B,xenserver-8;xcp-ng-8.3,"a, b"\n'
    )
    assert read(tmp_path, text) == [
        {
            "kind": "nic",
            "vendor": "Intel",
            "model": "",
            "pci": "8086:157b",
            "releases": ["xcp-ng-8.3", "xenserver-8"],
            "note": "a, b",
        }
    ]
    assert read(tmp_path, "model,kind\r\nX*,CPU\r\n")[0]["kind"] == "cpu"
    assert read(tmp_path, HEAD + "cpu,,X,,*,\n")[0]["releases"] == []


def test_json(tmp_path: Path) -> None:
    entry = {"kind": "storage", "pci": "1000:005d:1028:1f49", "releases": ["xenserver-8"]}
    assert read(tmp_path, json.dumps([entry])) == [{**entry, "vendor": "", "model": "", "note": ""}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no entries"),
        (HEAD, "no entries"),
        ("kind,colour\n", "line 1: the columns are"),
        ("kind,kind\n", "line 1: the columns are"),
        ("vendor,model\n", "line 1: there is no column kind"),
        (f"#\n{HEAD}gpu,a,b,,,\n", "line 3: kind is one of"),
        (f"{HEAD}server,a,,,,\n", "line 2: a model or a pci id is needed"),
        (f"{HEAD}server,a,*,,,\n", "line 2: a model or a pci id is needed"),
        (f"{HEAD}cpu,a,b,8086:1572,,\n", "line 2: only nic and storage"),
        (f"{HEAD}nic,a,b,8086-1572,,\n", "line 2: pci is vendor:device"),
        (f"{HEAD}nic,a,b,,All of them!,\n", "line 2: releases are target ids"),
        (f"{HEAD}nic,a,b,,,,,\n", "line 2: more values than columns"),
        (f'{HEAD}nic,a,"b"c,,,\n', "line 2: "),
        (f"{HEAD}nic,a,b\x1b[31m,,,\n", "line 2: model is too long or not printable"),
        (f"{HEAD}nic,a,{'b' * 2000},,,\n", "line 2: model is too long"),
        (b"\xff\xfe\x00", "cannot be read as UTF-8"),
        ("[\n{]", "line 2: "),
        ("{}", "a list of entries"),
        ("[1]", "entry 1: an object"),
        ('[{"kind": "nic", "model": "a"}, {"kind": "nic", "model": 5}]', "entry 2: every value"),
        ('[{"kind": "nic", "colour": "a"}]', "entry 1: an object"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_mistakes(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(UsageProblemError, match=reason):
        read(tmp_path, text)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="No such file"):
        read_hardware_list(tmp_path / "none")
    with pytest.raises(UsageProblemError, match="not a regular file"):
        read_hardware_list(tmp_path)
