"""XenCenter's export of resource data, as CSV."""

from pathlib import Path
from typing import Any

import pytest

from fixtures.exceptions import UsageProblemError
from fixtures.resource_data import inspect_resource_data


def uuid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


SERVERS = (
    "Name,UUID,Pool coordinator,Address,CPU Usage,Used Memory,Network(avg / max KBs),Disk,Uptime,"
    "Description"
)
VMS = (
    "Name,Power state,UUID,Running on,Address,MAC,NIC,Used Memory,Operating System,Disk,Template,"
    "CPU Usage,Uptime,Description"
)
EXPORT = f'''Pool:prod, EU "main"
UUID:{uuid(1)}


Server
{SERVERS}
xs1,{uuid(2)},Yes,10.0.0.1,5% of 8 CPUs,-,-,-,1 day,"first, ""main"""
xs2,{uuid(3).upper()},No,10.0.0.2,-,-,-,-,-,two

lines, of text

Networks
Name,Link Status,MAC,MTU,VLAN,Location
net0,Connected,00:11,1500,-,xs1:{uuid(2)};

Storage
Name,UUID,Type,Size,Location,Description
"nfs, big",{uuid(4)},nfs,-,server:a;,{uuid(99)}

VDI
Name,UUID,Type,Size,Location,Description
two
lines,{uuid(5)},User,8 GB,nfs,

VMs
{VMS}
Storage,Running,{uuid(6)},xs1,-,-,1,-,-,-,-,-,-,-

GPU
Name,UUID,PCI Bus Path,Server,Used Memory,Power usage (W),Temperature,Computer Utilization (%)
'''


def inspect(tmp_path: Path, content: str | bytes) -> dict[str, Any]:
    path = tmp_path / "resources.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return inspect_resource_data(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_export(tmp_path: Path, end: str, mark: str) -> None:
    found = inspect(tmp_path, mark + EXPORT.replace("\n", end))
    assert found["readable"]
    assert found["why"] == ""
    assert found["pool_name"] == 'prod, EU "main"'
    assert found["pool_uuid"] == uuid(1)
    tables = found["tables"]
    assert list(tables) == ["server", "networks", "storage", "vdi", "vms", "gpu"]
    assert tables["server"] == {
        "rows": 2,
        "names": ["xs1", "xs2"],
        "uuids": [uuid(2), uuid(3)],
    }
    assert tables["networks"] == {"rows": 1, "names": ["net0"], "uuids": []}
    assert tables["storage"]["uuids"] == [uuid(4)]
    assert tables["vdi"]["uuids"] == [uuid(5)]
    assert tables["vms"]["uuids"] == [uuid(6)]
    assert tables["gpu"]["rows"] == 0
    assert found["unknown_tables"] == []
    assert found["modified"].endswith("Z")


def test_unknown_table_does_not_cover_another(tmp_path: Path) -> None:
    text = EXPORT.replace("\nVDI\n", "\nDisques\n")
    found = inspect(tmp_path, text)
    assert found["unknown_tables"] == ["Disques"]
    assert "vdi" not in found["tables"]
    assert found["tables"]["storage"]["uuids"] == [uuid(4)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin with Pool:"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "is a spreadsheet"),
        (b"PK\x03\x04" + bytes(100), "is a spreadsheet"),
        (b'<?xml version="1.0"?><Workbook xmlns="x">', "is a spreadsheet"),
        (b"Pool:a\xff\n", "not a CSV file in UTF-8"),
        (b"Pool:a\nUUID:x\n", "does not name the uuid"),
        (b"Pool:a", "does not name the uuid"),
        (f"Pool:a\nUUID:{uuid(1)}\n\0".encode(), "not an export"),
        (f"Pool:a\nUUID:{uuid(1)}\n{'x' * 200_000}".encode(), "lines that are not CSV"),
    ],
)
def test_not_readable(tmp_path: Path, content: bytes, why: str) -> None:
    found = inspect(tmp_path, content)
    assert not found["readable"]
    assert why in found["why"]
    assert found["tables"] == {}


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="no such file"):
        inspect_resource_data(tmp_path / "none.csv")
    assert "not a regular file" in inspect_resource_data(tmp_path)["why"]
