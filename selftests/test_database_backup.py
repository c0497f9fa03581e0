"""Database dumps kept as backups."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures.database_backup import inspect_database_backup
from fixtures.exceptions import UsageProblemError

KINDS: Mapping[str, Mapping[str, str]] = {"pool": {}, "host": {}, "VM": {}, "VUSB": {}, "task": {}}
SINCE = {"VUSB": 133}
HEAD = (
    '<database><manifest><pair key="schema_major_vsn" value="5"/>'
    '<pair key="schema_minor_vsn" value="{schema}"/>'
    '<pair key="generation_count" value="{generation}"/></manifest>'
)
RAN = "(('product_version'%.'7.2.0')%.('build_number'%.'master/8')%.('hostname'%.'xen-01'))"
WHOLE = (
    '<table name="pool"><row ref="p" uuid="pool-1" master="h1"/></table>'
    '<table name="host"><row ref="h1" uuid="host-b" '
    f'software_version="{RAN}"/>'
    '<row ref="h2" uuid="host-a"/></table>'
    '<table name="VM"><row ref="v1" uuid="vm-1"/>'
    '<row ref="v2" uuid="template" is_a_template="true"/>'
    '<row ref="v3" uuid="snapshot" is_a_snapshot="true"/>'
    '<row ref="v4" uuid="dom0" is_control_domain="true"/></table>'
)


def inspect(tmp_path: Path, body: str, schema: int = 120, generation: int = 7) -> dict[str, Any]:
    path = tmp_path / "pool.db"
    path.write_text(HEAD.format(schema=schema, generation=generation) + body + "</database>")
    found: dict[str, Any] = inspect_database_backup(path, KINDS, SINCE)
    json.dumps(found)
    return found


def test_whole(tmp_path: Path) -> None:
    found = inspect(tmp_path, WHOLE)
    content = (tmp_path / "pool.db").read_bytes()
    assert found.pop("modified").endswith("Z")
    assert found == {
        "path": "pool.db",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "readable": True,
        "why": "",
        "placeholder": False,
        "secrets_blanked": False,
        "missing_tables": [],
        "schema": "5.120",
        "generation_count": 7,
        "ran": {"product_version": "7.2.0", "build_number": "master/8"},
        "pool_uuid": "pool-1",
        "host_uuids": ["host-a", "host-b"],
        "vm_uuids": ["vm-1"],
    }


def test_missing_tables(tmp_path: Path) -> None:
    assert inspect(tmp_path, WHOLE, schema=133)["missing_tables"] == ["VUSB"]
    assert inspect(tmp_path, WHOLE, schema=132)["missing_tables"] == []


@pytest.mark.parametrize("change", [('master="h1"', ""), ("'7.2.0'", "'7.2.0")])
def test_what_the_coordinator_ran_may_be_illegible(tmp_path: Path, change: tuple[str, str]) -> None:
    found = inspect(tmp_path, WHOLE.replace(*change))
    assert (found["readable"], found["ran"]) == (True, {})


def secret(*values: str) -> str:
    rows = "".join(f'<row ref="s{n}" value="{value}"/>' for n, value in enumerate(values))
    return f'{WHOLE}<table name="secret">{rows}</table>'


def config(text: str) -> str:
    return f'{WHOLE}<table name="PBD"><row ref="b" device_config="{text}"/></table>'


@pytest.mark.parametrize(
    ("body", "blanked"),
    [
        (secret("canary", ""), False),
        (secret("canary", "&lt;redacted&gt;"), True),
        (secret("REMOVED"), True),
        (secret(""), True),
        (f'{WHOLE}<table name="secret"/>', False),
        (f'{WHOLE}<table name="Cluster"><row ref="c" cluster_token="REMOVED"/></table>', True),
        (f'{WHOLE}<table name="Cluster"><row ref="c" cluster_token="canary"/></table>', False),
        (config("(('chappassword' 'REMOVED')%.('target' '10.0.0.1'))"), True),
        (config("(('chappassword' 'canary'))"), False),
        (config("(('location' 'REMOVED'))"), False),
        (config("(('chappassword' 'REMOVED'"), False),
    ],
)
def test_blanked_secrets(tmp_path: Path, body: str, blanked: bool) -> None:
    found = inspect(tmp_path, body)
    assert found["secrets_blanked"] == blanked
    assert "canary" not in json.dumps(found)


def test_placeholder(tmp_path: Path) -> None:
    found = inspect(tmp_path, '<table name="pool"/><table name="host"/>', 35, 103)
    assert found["placeholder"]
    assert not found["readable"]
    assert "rolling upgrade" in found["why"]


def test_not_readable(tmp_path: Path) -> None:
    for body in ("", '<table name="pool"/>', "<table>"):
        found = inspect(tmp_path, body)
        assert not found["readable"]
        assert found["why"].startswith("pool.db ")
    path = tmp_path / "cut.db"
    path.write_text(HEAD + WHOLE)
    assert "cut short" in inspect_database_backup(path, KINDS, SINCE)["why"]
    with pytest.raises(UsageProblemError, match="no such file"):
        inspect_database_backup(tmp_path / "none", KINDS, SINCE)
