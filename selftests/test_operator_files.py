"""The files that an operator gives, made for the embedded pool and judged in one audit of it."""

import csv
import io
import os
import tarfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from fixtures.raw import Json
from fixtures.xva_manifest import CHUNK
from selftests.running import Run, audit
from selftests.test_xva import disk, manifest, tar, vbd, vdi, vm
from simpool.data import SimPool
from simpool.operator_files import GENERATION
from simpool.pools import build


def text(value: Json) -> str:
    """A value as the database writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"({'%.'.join(f'({quoted(k)}%.{quoted(v)})' for k, v in value.items())})"
    if isinstance(value, list):
        return f"({'%.'.join(quoted(item) for item in value)})"
    return protected(str(value))


def quoted(item: Json) -> str:
    return protected("'" + str(item).replace("\\", "\\\\").replace("'", "\\'") + "'")


def protected(plain: str) -> str:
    for char, written in (("%", "%%"), (" ", "%."), ("\t", "%t"), ("\n", "%n"), ("\r", "%r")):
        plain = plain.replace(char, written)
    return plain


def database(pool: SimPool) -> str:
    """The pool's database as `xe pool-dump-database` writes it, its generation a little old."""
    tables = "".join(
        f"<table name={quoteattr(name)}>"
        + "".join(
            f"<row ref={quoteattr(ref)} "
            + " ".join(f"{field}={quoteattr(text(value))}" for field, value in record.items())
            + "/>"
            for ref, record in records.items()
        )
        + "</table>"
        for name, records in pool.records.items()
    )
    pairs = {"schema_major_vsn": "5", "schema_minor_vsn": "120"}
    pairs["generation_count"] = str(GENERATION - 40)
    stated = "".join(f'<pair key="{key}" value="{value}"/>' for key, value in pairs.items())
    return f"<database><manifest>{stated}</manifest>{tables}</database>"


def host_backup(uuid: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        content = f"INSTALLATION_UUID='{uuid}'\nPRODUCT_VERSION='7.2.0'\n".encode()
        member = tarfile.TarInfo("./etc/xensource-inventory")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def export(pool: SimPool) -> str:
    """XenCenter's Export Resource Data, as CSV."""
    stream = io.StringIO()
    record = next(iter(pool.records["pool"].values()))
    stream.write(f"Pool:{record['name_label']}\nUUID:{record['uuid']}\n")
    tables = {"Server": "host", "Networks": "network", "Storage": "SR", "VDI": "VDI", "VMs": "VM"}
    for title, name in tables.items():
        columns = ["Name", "MTU"] if title == "Networks" else ["Name", "UUID"]
        rows = [columns]
        for one in pool.records[name].values():
            if name != "VM" or not (one["is_a_template"] or one["is_a_snapshot"]):
                label = one["name_label"].replace("\n", " ")
                rows.append([label, "-" if title == "Networks" else one["uuid"]])
        stream.write(f"\n\n{title}\n")
        csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    folder = tmp_path_factory.mktemp("operator")
    pool = build("default")
    (folder / "pool.db").write_text(database(pool), encoding="utf-8")
    (folder / "resources.csv").write_text(export(pool), encoding="utf-8")
    (folder / "hosts").mkdir()
    for host in pool.records["host"].values():
        (folder / "hosts" / f"{host['hostname']}.xbk").write_bytes(host_backup(host["uuid"]))
    (folder / "vms").mkdir()
    agent = next(v for v in pool.records["VM"].values() if v["name_label"] == "build-agent-02")
    content = [vm(agent["uuid"], agent["name_label"]), vbd("Ref:3"), vdi("Ref:3", CHUNK)]
    chunks = disk("Ref:3", {0: os.urandom(CHUNK)}, "checksum")
    (folder / "vms" / "agent.xva").write_bytes(tar([("ova.xml", manifest(content)), *chunks]))
    words = [
        "--pool=sim",
        f"--database-backup={folder / 'pool.db'}",
        f"--resource-data={folder / 'resources.csv'}",
        f"--host-backup-dir={folder / 'hosts'}",
        f"--xva-dir={folder / 'vms'}",
        "--xva-full",
    ]
    return folder, audit(folder / "archive", *words)


@pytest.mark.parametrize("check", ["POOL-METADATA-01", "POOL-EXPORT-01", "HOST-BACKUP-01"])
def test_real_files_satisfy_their_checks(given: tuple[Path, Run], check: str) -> None:
    _, run = given
    assert set(run.outcomes(check).values()) == {"pass"}, run.out


def test_an_exported_vm_counts_as_backed_up_and_others_do_not(given: tuple[Path, Run]) -> None:
    folder, run = given
    judged = run.of("VM-BACKUP-01", "build-agent-02")
    assert judged["outcome"] == "pass", judged
    assert run.of("VM-BACKUP-01", "web-02")["outcome"] == "warning"
    assert (folder / "archive" / "xva-cache.json").exists()


def test_the_dump_itself_can_be_audited_but_is_no_backup_of_itself(
    given: tuple[Path, Run], tmp_path: Path
) -> None:
    dump = given[0] / "pool.db"
    run = audit(
        tmp_path, f"--pool={dump}", f"--database-backup={dump}", "--target=citrix-hypervisor-8.0"
    )
    assert run.code == 30, run.out
    (judged,) = [o for o in run.results["outcomes"] if o["check"] == "POOL-METADATA-01"]
    assert "the audited dump itself does not count" in judged["cause"]
    assert set(run.outcomes("POOL-HA-01").values()) == {"pass"}
    assert run.outcomes("VM-AGILE-01")["db-01"] == "pass"
    names = {one["object"]["name"] for one in run.results["outcomes"]}
    assert "two lines\nand \u202ea turn" in names
