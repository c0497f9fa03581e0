import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.audit import Audit
from fixtures.raw import RawClass, RawDom0
from reports.page import render
from reports.picture_backups import Backups, Lane, backups
from reports.picture_data import PictureData, gather, known, matrix
from reports.picture_disks import HostLayout, HostUsage, Piece
from reports.picture_hotfixes import Hotfixes
from reports.picture_memory import HostMemory, Share, WithoutHost, place
from reports.picture_order import Step
from reports.pictures import pictures
from rules.file_systems import Usage
from rules.partition_table import GIB
from selftests import large_run
from selftests.browser import CHROMIUM, browser
from selftests.sample_run import sample
from selftests.test_page import ATTACK, Reader, attacked, contrast
from simpool.direct import facts_of
from simpool.pools import POOLS, build

NOW = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
RAISES: dict[str, int] = {}
TITLES = (
    "Hosts and checks",
    "Memory of each host",
    "Any one host away",
    "Disk layouts",
    "Disk usage",
    "Hotfix differences",
    "Age of backups",
    "Order of the upgrade",
)


def hostile(text: str = ATTACK) -> PictureData:
    """Data in which everything that somebody else can write is an attack."""
    piece = Piece("root", 1, 0, 18 * GIB)
    layout = HostLayout(100 * GIB, text, (piece,), (piece,), text)
    share = Share(text, 2, GIB, 2 * GIB)
    return PictureData(
        target=text,
        matrix=replace(
            matrix(sample().results, ()),
            hosts=(("u", text),),
            cells={(text, "u"): "blocked"},
            checks=(text,),
        ),
        memory=((text, HostMemory(8 * GIB, GIB, 9 * GIB, 0, 2)), (text, text)),
        without=((text, WithoutHost(3, 3 * GIB, 2 * GIB, (share,), (text,))), (text, text)),
        layouts=((text, layout), (text, text)),
        usage=((text, HostUsage((Usage(text, 10, 9, 1, text),))), (text, text)),
        hotfixes=Hotfixes(
            (text, text), 1, ((text, (True, False)),), ((text, 1, 2, text),), ((text, text),)
        ),
        backups=Backups(NOW, timedelta(days=7), (Lane(text, ((timedelta(1), True),), 1, 2, 3),)),
        order=(Step(text, True, 2, None, 1, 1, 1, 1),),
    )


def page(data: PictureData) -> str:
    run = sample()
    drawn = pictures(data, "rolling")
    return render(run.results, run.verdict, settings=[], calls={}, pictures=drawn).decode()


def audited(name: str, **changes: Any) -> PictureData:
    """The data of an embedded pool, without its results."""
    return gather(Audit(replace(facts_of(build(name)), **changes)), sample().results)


@pytest.mark.parametrize("name", POOLS)
def test_every_embedded_pool_is_drawn(name: str) -> None:
    data = audited(name)
    assert not [one for _, one in data.memory if isinstance(one, str)]
    drawn = pictures(data, "rolling")
    assert tuple(one.title for one in drawn) == TITLES
    reader = Reader(page(data))
    assert reader.open == []
    assert all(one.text for one in drawn)


def test_what_is_not_known_is_said() -> None:
    raw = facts_of(build("default"))
    dark = {uuid: RawDom0(cause="SSH was refused") for uuid in raw.dom0}
    classes = {
        **raw.classes,
        "host_metrics": RawClass("unread", cause="no permission"),
        "host_patch": RawClass("unread", cause="no permission"),
        "pool_update": RawClass("unread", cause="no permission"),
    }
    data = audited("default", dom0=dark, classes=classes)
    assert all("no permission" in str(one) for _, one in data.memory)
    assert all("SSH was refused" in str(one) for _, one in data.usage)
    text = Reader(page(data)).text
    assert "SSH was refused" in text
    assert "no permission" in text
    assert "No partition table was read." in text
    assert "No dom0 was read." in text
    bare = gather(Audit(facts_of(build("default"))), {**sample().results, "outcomes": []})
    assert "no check of backups was judged" in str(bare.backups)
    assert "no check of backups was judged" in Reader(page(bare)).text


def test_nothing_that_happens_costs_the_report() -> None:
    assert known(lambda: 1) == 1
    assert known(lambda: RAISES["missing"]) == "'missing'"
    assert known([].pop) == "pop from empty list"


def test_pictures_tell_in_words_what_they_show() -> None:
    text = page(audited("troubled"))
    reader = Reader(text)
    images = [attributes for tag, attributes in reader.tags if tag == "svg"]
    ids = {attributes.get("id") for _, attributes in reader.tags}
    for attributes in images:
        hidden = attributes.get("aria-hidden") == "true"
        labels = str(attributes.get("aria-labelledby")).split()
        assert hidden or (attributes["role"] == "img" and set(labels) <= ids)
    assert text.count("The same in words") == 2
    assert "The same in numbers" in text
    assert "is missing on xen-02" in reader.text
    assert not [1 for _, attributes in reader.tags if "style" in attributes]


def test_a_step_that_was_not_judged_is_not_green() -> None:
    facts = Audit(facts_of(build("default")))
    host, vm = facts.facts.hosts[1], next(v for v in facts.facts.hosts[2].resident_vms if v.is_real)
    results: dict[str, Any] = {**sample(clean=True).results, "outcomes": []}
    results["ledger"] = {
        **results["ledger"],
        "missing": [
            {
                "check": "HOST-LIVE-01",
                "object": {"class": "host", "uuid": host.uuid, "name": "x"},
                "fate": "not-reached",
            },
            {
                "check": "VM-AGILE-01",
                "object": {"class": "VM", "uuid": vm.uuid, "name": "x"},
                "fate": "deselected",
            },
        ],
    }
    data = gather(facts, {**results, "verdict": "INCOMPLETE"})
    (order,) = [one for one in pictures(data, "rolling") if one.anchor == "picture-order"]
    assert order.text.startswith("Not to be begun: the verdict is INCOMPLETE.")
    words = re.findall(r'<li class="([a-z-]+)">', order.body)
    assert words == ["pass", "not-verified", "not-verified"]


def test_placement() -> None:
    assert place([5, 3, 2], [5, 5]) == [0, 1, 1]
    assert place([6, 1], [5, 5]) == [None, 0]
    assert place([], []) == []
    assert place([1], []) == [None]


def test_backups_are_taken_from_the_evidence() -> None:
    def one(check: str, outcome: str, **evidence: object) -> dict[str, Any]:
        return {"check": check, "outcome": outcome, "evidence": evidence}

    outcomes = [
        one("VM-BACKUP-01", "pass", all=[{"when": "2026-11-22T20:15:00Z"}, {"when": "2026-11-01"}]),
        one("VM-BACKUP-01", "warning", all=[{"when": "2026-11-01T20:15:00Z"}, "odd", {"when": 7}]),
        one("VM-BACKUP-01", "warning", all="odd"),
        one("VM-BACKUP-01", "not-applicable"),
        one("VM-BACKUP-01", "not-verified"),
        one("HOST-BACKUP-01", "warning", backups=[{"modified": "2026-11-22", "complete": False}]),
        one("POOL-METADATA-01", "pass", backup={"modified": "2026-11-23T20:00:00Z"}),
    ]
    database, dom0, vms = backups({"outcomes": outcomes}, NOW, timedelta(days=7)).lanes
    assert database.ages == ((timedelta(minutes=15), True),)
    assert (dom0.ages, dom0.none) == ((), 1)
    assert vms.ages == ((timedelta(days=1), True), (timedelta(days=22), False))
    assert (vms.none, vms.left_out, vms.unknown) == (1, 1, 1)


@pytest.mark.parametrize("limit", [timedelta(hours=1), timedelta(days=7), timedelta(days=400)])
def test_any_age_has_a_place(limit: timedelta) -> None:
    ages = [timedelta(days=-3), timedelta(0), limit, limit * 5, timedelta(days=9000)]
    lane = Lane("VMs", tuple((age, True) for age in ages), 0, 0, 0)
    data = replace(hostile("x"), backups=Backups(NOW, limit, (lane,)))
    text = page(data)
    drawn = text[text.index('id="picture-backups"') :]
    places = [float(x) for x in re.findall(r'<rect class="k-guests" x="([0-9.]+)"', drawn)]
    assert places
    assert all(140 <= x <= 860 for x in places)


@pytest.mark.parametrize("hosts", [1, 2, 7, 30, 64])
def test_a_grid_stays_in_its_picture(hosts: int) -> None:
    cells = {(f"HOST-C{n:02}-01", str(host)): "pass" for n in range(73) for host in range(hosts)}
    names = tuple((str(host), f"host-{host}") for host in range(hosts))
    checks = tuple(sorted({check for check, _ in cells}))
    found = replace(
        hostile("x"), matrix=replace(hostile("x").matrix, hosts=names, checks=checks, cells=cells)
    )
    text = page(found)
    drawn = text[text.index('id="picture-matrix"') : text.index('id="picture-memory"')]
    (width, height) = map(float, re.findall(r'viewBox="0 0 (\d+) (\d+)"', drawn)[0])
    corners = [(float(x), float(y)) for x, y in re.findall(r"M([0-9.]+) ([0-9.]+)h", drawn)]
    assert len(corners) == 73 * hosts
    assert max(x for x, _ in corners) < width - 5
    assert max(y for _, y in corners) < height - 5


@pytest.mark.parametrize(
    "make", [hostile, lambda: hostile("r\u202el\x00n\nl")], ids=["markup", "marks"]
)
def test_hostile_text_stays_text(make: Any) -> None:
    text = page(make())
    reader = Reader(text)
    assert reader.open == []
    assert not {tag for tag, _ in reader.tags} & {"script", "img", "iframe"}
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chromium_runs_no_script_of_a_picture(tmp_path: Path) -> None:
    control = tmp_path / "control.html"
    control.write_text(f"<!DOCTYPE html><title>unharmed</title><body>{ATTACK}", encoding="utf-8")
    report = tmp_path / "report.html"
    drawn = pictures(hostile(), "rolling")
    report.write_text(attacked(pictures=drawn, versions=[(ATTACK, ATTACK)]), encoding="utf-8")
    # Without the policy as well: what escapes is escaped, not only refused.
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub("<meta http-equiv[^>]*>", "", report.read_text()), encoding="utf-8")
    with browser(tmp_path / "profile") as seen:
        seen.open(control)
        assert seen.said("Debugger.scriptParsed"), "the attack is a dud"
        for path in (report, bare):
            seen.open(path)
            seen.value("new Promise(done => setTimeout(done, 300))")
            ran = [one for one in seen.said("Debugger.scriptParsed") if one["url"]]
            assert ran == []
            assert seen.said("Page.javascriptDialogOpening", "Runtime.exceptionThrown") == []
            assert str(seen.value("document.title")).startswith("BLOCKED: ")
            assert seen.value("document.querySelectorAll('script,img,iframe,[onload]').length") == 0
            assert seen.value("document.querySelectorAll('svg.picture').length") >= 4


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chromium_finds_a_vm_in_what_is_folded(tmp_path: Path) -> None:
    run = large_run.run()
    path = tmp_path / "report.html"
    path.write_bytes(render(run.results, run.verdict, settings=[], calls={}))
    with browser(tmp_path / "profile") as seen:
        seen.open(path)
        assert seen.value(f"window.find({json.dumps(large_run.quiet_vm(run))})") is True
        assert seen.value("window.find('app-99999-that-is-not-there')") is False


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_of_pictures_can_be_told_from_the_paper(scheme: int) -> None:
    folder = Path(__file__).parents[1] / "reports"
    blocks = [
        re.findall(r":root \{([^}]*--(?:ink|k-blue)[^}]*)\}", (folder / name).read_text())[scheme]
        for name in ("page.css", "page_pictures.css")
    ]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", "".join(blocks)))
    kinds = [name for name in colours if name.startswith("k-") and name != "k-on"]
    assert len(kinds) == 6
    for name in kinds:
        assert contrast(colours[name], colours["paper"]) >= 3, name
        if name != "k-red":
            assert contrast(colours["k-on"], colours[name]) >= 4.5, name
    for word in ("blocked", "warning", "unknown", "waived"):
        assert contrast(colours["paper"], colours[word]) >= 4.5, word
