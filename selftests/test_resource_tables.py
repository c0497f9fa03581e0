"""The list of a pool's resources: every object and column of XenCenter's, complete or said not to be."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from fixtures.dump import read_dump
from fixtures.model import CLASS_SINCE, FIELD_KINDS, PoolFacts
from fixtures.raw import RawClass, RawFacts
from fixtures.resource_data import inspect_resource_data
from reports.resource_data import resource_csv, resource_workbook
from reports.spreadsheet import MOST_CHARACTERS, Sheet, workbook
from rules.pool_backups import export_problems
from rules.resource_cells import Kind, Left, Unknown, size_words
from rules.resource_tables import gaps, resource_tables
from selftests.sample_run import HOSTILE, sample
from simpool.builder import add_vm, find, vm
from simpool.data import SimPool
from simpool.direct import facts_of
from simpool.pools import POOLS, build

DUMPS = Path(__file__).resolve().parents[2] / "shared" / "pools"
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
RESULTS: Any = sample().results
FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1", " =1", "a;=1")

# Column headers of XenCenter (xenadmin, ExportResourceReportAction.cs), in the order of its CSV ...
CSV_COLUMNS = {
    "Server": "Name,UUID,Pool coordinator,Address,CPU Usage,Used Memory,Network(avg / max KBs),Disk,"
    "Uptime,Description",
    "Networks": "Name,Link Status,MAC,MTU,VLAN,Location",
    "Storage": "Name,UUID,Type,Size,Location,Description",
    "VDI": "Name,UUID,Type,Size,Location,Description",
    "VMs": "Name,Power state,UUID,Running on,Address,MAC,NIC,Used Memory,Operating System,Disk,"
    "Template,CPU Usage,Uptime,Description",
    "GPU": "Name,UUID,PCI Bus Path,Server,Used Memory,Power usage (W),Temperature,"
    "Computer Utilization (%)",
}
# ... and of its spreadsheet; columns of ours follow.
SHEET_COLUMNS = {
    "Server": "Name,Pool coordinator,UUID,Address,CPU Usage,Network(avg / max KBs),Used Memory,Disk,"
    "Uptime,Description",
    "Networks": "Name,Link Status,MAC,MTU,VLAN,Type,Location",
    "Storage": "Name,Type,UUID,Size,Location,Description",
    "VDI": "Name,Type,UUID,Size,Location,Description",
    "VMs": "Name,Power state,Running on,Address,MAC,NIC,Operating System,Disk,Used Memory,CPU Usage,"
    "UUID,Uptime,Template,Description",
    "GPU": "Name,Server,PCI Bus Path,UUID,Power usage (W),Temperature,Used Memory,"
    "Computer Utilization (%)",
}


def of(pool: SimPool) -> PoolFacts:
    return PoolFacts(facts_of(pool, NOW, ()))


def row(facts: PoolFacts, title: str, name: str) -> dict[str, Any]:
    """The row of a table whose first cell is a name, by header."""
    table = next(one for one in resource_tables(facts) if one.title == title)
    (found,) = [one for one in table.rows if one[0] == name]
    return dict(zip(table.titles, found, strict=True))


def opened(facts: PoolFacts) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(resource_workbook(RESULTS, facts)))


def cells(book: Workbook, title: str) -> list[tuple[Any, ...]]:
    return list(book[title].iter_rows(values_only=True))


def reread(folder: Path, facts: PoolFacts) -> dict[str, Any]:
    path = folder / "resource-data.csv"
    path.write_bytes(resource_csv(RESULTS, facts))
    found: dict[str, Any] = inspect_resource_data(path)
    return found


def test_every_table_and_column_of_xencenter() -> None:
    facts = of(build("default", NOW))
    found = {table.title: table for table in resource_tables(facts) if table.csv}
    assert {title: ",".join(table.csv) for title, table in found.items()} == CSV_COLUMNS
    text = resource_csv(RESULTS, facts).decode()
    book = opened(facts)
    for title, header in CSV_COLUMNS.items():
        assert f"\n\n{title}\n{header}\n" in text
        assert ",".join(cells(book, title)[0]).startswith(SHEET_COLUMNS[title])


@pytest.mark.parametrize("name", POOLS)
def test_our_own_export_is_read_back(tmp_path: Path, name: str) -> None:
    facts = of(build(name, NOW))
    found = reread(tmp_path, facts)
    assert (found["readable"], found["unknown_tables"]) == (True, [])
    assert found["pool_uuid"] == facts.pool.uuid
    assert export_problems(found, facts) == ()
    assert gaps(facts).unknown == ()
    assert bool(gaps(facts).missing) is (name == "troubled")
    rows = {key: table["rows"] for key, table in found["tables"].items()}
    assert rows == {
        table.title.lower(): len(table.rows) for table in resource_tables(facts) if table.csv
    }


@pytest.mark.parametrize("path", sorted(DUMPS.glob("*.xml")) or [None], ids=str)
def test_real_pools(tmp_path: Path, path: Path | None) -> None:
    if path is None:
        pytest.skip("no real databases are beside this checkout")
    raw = read_dump(path, FIELD_KINDS, CLASS_SINCE)
    facts = PoolFacts(replace(raw, inputs={"clock": "20261123T07:00:00Z"}))
    found = reread(tmp_path, facts)
    assert found["readable"], found["why"]
    lacking = gaps(facts)
    assert lacking.missing == ()
    assert opened(facts)["About"]
    if not any(table.unread for table in resource_tables(facts)):
        assert export_problems(found, facts) == ()
    else:
        assert lacking.unknown


@pytest.mark.parametrize(
    "name", [*HOSTILE, *FORMULAS, "", "-", 'a,"b"', "Networks", "\n\nVMs\nName,UUID"]
)
def test_a_hostile_name_is_text_in_its_cell(tmp_path: Path, name: str) -> None:
    pool = build("default", NOW)
    pool.name = name
    for class_name in ("pool", "host", "VM", "SR", "VDI", "network"):
        for record in pool.records[class_name].values():
            record["name_label"] = record["name_description"] = name
    for record in pool.records["VM"].values():
        record["other_config"] = {"base_template_name": name}
        record["power_state"] = name
    facts = of(pool)
    found = reread(tmp_path, facts)
    assert found["readable"], found["why"]
    assert export_problems(found, facts) == ()
    assert found["unknown_tables"] == []
    text = (tmp_path / "resource-data.csv").read_bytes().decode()
    for line in csv.reader(text.split("\n")):
        for cell in line:
            assert cell in {"-", ""} or not cell.lstrip(" ").startswith(tuple("=+-@|%\t\r＝＋－＠"))
    book = opened(facts)
    for page in book:
        for written in page.iter_rows():
            assert all(one.data_type != "f" and one.hyperlink is None for one in written)
    assert len(cells(book, "VMs")) == 13
    if name.isprintable() and name:
        assert cells(book, "VMs")[1][0] == name


def test_no_part_of_the_workbook_is_a_formula_or_a_link() -> None:
    pool = build("default", NOW)
    vm(pool, "db-01")["name_label"] = '=HYPERLINK("http://x.example","y")'
    vm(pool, "web-01")["name_label"] = "http://x.example/"
    content = resource_workbook(RESULTS, of(pool))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            assert not any(word in name for word in ("external", "calcChain", "vba"))
            root = fromstring(parts.read(name))
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert not tags & {"f", "hyperlink", "hyperlinks", "oleObject", "ddeLink"}, name


def test_cells_have_types_and_headers_stay() -> None:
    book = opened(of(build("default", NOW)))
    assert book.sheetnames[:7] == ["About", *CSV_COLUMNS]
    for page in book:
        assert page.freeze_panes == "A2", page.title
        assert page.auto_filter.ref == page.dimensions, page.title
    header, *rows = cells(book, "VMs")
    (found,) = [dict(zip(header, one, strict=True)) for one in rows if one[0] == "db-01"]
    assert found["Memory, bytes"] == 32 * 2**30
    assert found["NIC"] == 1
    assert found["Uptime"] == timedelta(days=40)
    assert found["Started"] == datetime(2026, 10, 14, 7, 0)  # noqa: DTZ001 - cells have no zone
    page = book["VMs"]
    assert page.cell(2, header.index("Memory, bytes") + 1).number_format == '#,##0" B"'
    assert page.cell(2, header.index("Started") + 1).number_format.startswith("yyyy-mm-dd")


def test_equal_facts_give_equal_bytes() -> None:
    raw = facts_of(build("troubled", NOW), NOW, ())
    for make in (resource_csv, resource_workbook):
        assert make(RESULTS, PoolFacts(raw)) == make(RESULTS, PoolFacts(raw))
    book = openpyxl.load_workbook(io.BytesIO(resource_workbook(RESULTS, PoolFacts(raw))))
    assert book.properties.created == datetime(2026, 11, 23, 20, 15, 11)  # noqa: DTZ001


def test_values_of_a_vm() -> None:
    facts = of(build("default", NOW))
    found = row(facts, "VMs", "db-01")
    assert (found["Power state"], found["Running on"], found["NIC"]) == ("Running", "xen-01", 1)
    assert found["Disk"] == "db-01 0:40.0 GiB;db-01 1:400.0 GiB;"
    assert found["CPU Usage"] == "not read of 8 CPUs"
    assert found["Used Memory"] == "not read of 32.0 GiB"
    assert found["Template"] == "Debian Jessie 8.0"
    assert found["Snapshots"] == 1
    halted = row(facts, "VMs", "build-agent-02")
    assert [halted[key] for key in ("Running on", "CPU Usage", "Uptime", "Started")] == [None] * 4


def test_values_of_a_server_network_and_storage() -> None:
    facts = of(build("default", NOW))
    server = row(facts, "Server", "xen-01")
    assert (server["Pool coordinator"], server["CPUs"]) == (True, 16)
    assert server["Network(avg / max KBs)"] is Left.NOT_READ
    assert server["Disk"] == "Local storage of xen-01: 237.0 GiB;"
    assert (server["Uptime"], server["CPU Usage"]) == (timedelta(days=90), "not read of 16 CPUs")
    network = row(facts, "Networks", "DMZ")
    assert [network[key] for key in ("Link Status", "VLAN", "Type")] == [
        "Connected",
        120,
        "external",
    ]
    assert str(network["Location"]).count(";") == 3
    storage = row(facts, "Storage", "iSCSI array")
    assert str(storage["Location"]).split(";") == [
        "SCSIid:360a98000486e2f34576f2f51715a714d", "targetIQN:iqn.2017-06.example:array", "",
    ]  # fmt: skip
    assert storage["Size"] == "21.0% (860.0 GiB used) used of 4.0 TiB total (860.0 GiB allocated)"
    assert storage["Default SR"] is True


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 << 40, "3.0 TiB"), (None, "-")],
)
def test_sizes_in_words(number: int | None, words: str) -> None:
    assert size_words(number) == words


def unread(raw: RawFacts, name: str) -> PoolFacts:
    lost = RawClass("unread", cause="it timed out")
    return PoolFacts(replace(raw, classes={**raw.classes, name: lost}))


@pytest.mark.parametrize(
    "name", ["VM", "SR", "VDI", "network", "VIF", "VBD", "PBD", "VM_guest_metrics"]
)
def test_what_was_not_read_is_never_blank(tmp_path: Path, name: str) -> None:
    facts = unread(facts_of(build("default", NOW), NOW, ()), name)
    lacking = gaps(facts)
    assert lacking.missing == ()
    assert any("it timed out" in sentence for sentence in lacking.unknown)
    text = resource_csv(RESULTS, facts).decode()
    book = opened(facts)
    about = dict(cells(book, "About"))
    assert about["XenCenter's tables"] == "NOT COMPLETE, see below"
    title = {"VM": "VMs", "SR": "Storage", "network": "Networks"}.get(name, name)
    if title in CSV_COLUMNS:
        assert about[f"Sheet {title}"].startswith("not verified: ")
        assert cells(book, title)[1][0] == "not verified"
        assert f"\n{title}\n{CSV_COLUMNS[title]}\nnot verified,not verified," in text
    else:
        assert "not verified" in text


def test_an_object_that_is_named_and_not_there() -> None:
    pool = build("default", NOW)
    image = next(v for v in pool.records["VBD"].values() if v["type"] == "Disk")["VDI"]
    del pool.records["VDI"][image]
    facts = of(pool)
    assert any(sentence.startswith("VMs: Disk of 1 of 12 rows") for sentence in gaps(facts).missing)
    assert any("1 that a VBD names are in no table" in one for one in gaps(facts).missing)
    assert "not verified" in {one for line in cells(opened(facts), "VMs") for one in line}


def test_an_interrupted_reading_is_not_complete() -> None:
    raw = facts_of(build("default", NOW), NOW, ())
    assert gaps(PoolFacts(replace(raw, interrupted=True))).unknown == (
        "the reading was interrupted",
    )


def test_performance_data_does_not_make_it_incomplete() -> None:
    facts = unread(facts_of(build("default", NOW), NOW, ()), "VM_metrics")
    assert gaps(facts).unknown == ()
    assert isinstance(row(facts, "VMs", "db-01")["Used Memory"], Unknown)


def test_a_dump_does_not_say_for_how_long() -> None:
    raw = facts_of(build("default", NOW), NOW, ())
    facts = PoolFacts(replace(raw, source={"kind": "dump"}))
    assert isinstance(row(facts, "VMs", "db-01")["Uptime"], Unknown)
    assert isinstance(row(facts, "Server", "xen-01")["Uptime"], Unknown)


@pytest.mark.parametrize("boot", ["soon", "nan", "inf", "-5", "1e300", "4000000000"])
def test_a_boot_time_that_is_none(boot: str) -> None:
    pool = build("default", NOW)
    find(pool, "host", "xen-01")[1]["other_config"]["boot_time"] = boot
    assert isinstance(row(of(pool), "Server", "xen-01")["Uptime"], Unknown)


def test_extreme_values_fit_a_sheet() -> None:
    rows: list[list[Any]] = [
        ["x" * 50_000, 10**400, True, None, NOW, timedelta(days=9999)],
        ["\ud83d\x00", -1, 0.5, Left.NOT_READ, datetime(1, 1, 1, tzinfo=UTC), Unknown("why")],
    ]
    columns: list[tuple[str, Kind]] = [
        ("a", "text"), ("b", "bytes"), ("c", "number"), ("d", "text"), ("e", "time"), ("f", "text"),
    ]  # fmt: skip
    content = workbook([Sheet("s", columns, rows)], "\ud83d\x00", NOW)
    book = openpyxl.load_workbook(io.BytesIO(content))
    first, second = cells(book, "s")[1:]
    assert len(first[0]) == MOST_CHARACTERS
    assert first[1] == "1" + "0" * 400
    assert first[2:4] == ("Yes", "-")
    assert second[3] == "not read"
    assert second[5] == "not verified"


def test_a_vm_without_devices() -> None:
    pool = build("default", NOW)
    add_vm(pool, "bare", power_state="Halted", tools=False)
    found = row(of(pool), "VMs", "bare")
    assert [found[key] for key in ("Address", "MAC", "NIC", "Operating System", "Disk")] == [
        None, None, 0, None, None,
    ]  # fmt: skip
