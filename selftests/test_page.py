import base64
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reports.page import render
from reports.pictures import pictures
from reports.results import document, to_bytes
from reports.verdict import Verdict
from selftests import large_run
from selftests.browser import CHROMIUM, browser
from selftests.sample_run import (
    CALLS,
    CHECKS,
    HOSTILE,
    NOTES,
    RUN,
    SETTINGS,
    VMS,
    Sample,
    close,
    large,
    sample,
)

ATTACK = (
    "<img src=x onerror=\"document.title='owned'\">"
    "</style></title></code><script>document.title='owned'</script>"
    "\"'><svg onload=\"document.title='owned'\"> `<b onclick=x>` {{ 7*7 }} javascript:alert(1)"
)


def page(run: Sample, **more: Any) -> str:
    made = {"settings": SETTINGS, "calls": CALLS, **more}
    return render(run.results, run.verdict, **made).decode()


def attacked(**more: Any) -> str:
    """A page with the attack in every field that somebody else can write."""
    run = sample()
    outcomes = []
    for one in run.outcomes:
        changed = replace(one, object=replace(one.object, name=ATTACK), remedy=ATTACK)
        changed = replace(changed, evidence={ATTACK: ATTACK, "deep": {ATTACK: [ATTACK, [ATTACK]]}})
        changed = replace(changed, message=one.message and ATTACK, cause=one.cause and ATTACK)
        if one.waiver:
            changed = replace(
                changed, waiver=dict.fromkeys(one.waiver, ATTACK) | {"original": "warning"}
            )
        outcomes.append(changed)
    checks = [
        replace(one, title=ATTACK, why=ATTACK, source=ATTACK, remedy=ATTACK, file=ATTACK)
        for one in CHECKS
    ]
    hostile_run = {
        **RUN,
        "tool": {"name": ATTACK, "version": ATTACK, ATTACK: ATTACK},
        "source": {"kind": ATTACK, "address": ATTACK, ATTACK: ATTACK},
        "pool": {"uuid": ATTACK, "name": ATTACK},
        "target": ATTACK,
        "phase": ATTACK,
        "method": ATTACK,
        "started": ATTACK,
        "ended": ATTACK,
        "command": [ATTACK],
    }
    results = document(
        run=hostile_run,
        checks=checks,
        ledger=run.ledger,
        verdict=run.verdict,
        notes=[ATTACK],
        outcomes=outcomes,
    )
    results["ledger"]["problems"] = [ATTACK]
    results["ledger"]["missing"] = [
        {"check": ATTACK, "object": results["outcomes"][0]["object"], "fate": "not-reached"}
    ]
    verdict = replace(run.verdict, sentence=ATTACK)
    calls = {ATTACK: 1, f"GET {ATTACK}": 1}
    made = {"settings": [(ATTACK, ATTACK, ATTACK)], "calls": calls, **more}
    return render(results, verdict, **made).decode()


class Reader(HTMLParser):
    """What a browser would see: tags, attributes, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.data: list[str] = []
        self.feed(text)
        self.close()
        self.text = "".join(self.data)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.data.append(data)


def test_order_of_the_page() -> None:
    text = page(sample())
    places = [
        text.index(mark)
        for mark in (
            'class="verdict',
            'class="facts"',
            'class="notes"',
            'id="ledger"',
            'id="blockers"',
            'id="warnings"',
            'id="waived"',
            'id="unknown"',
            'id="checks"',
            'id="settings"',
            'id="calls"',
        )
    ]
    assert places == sorted(places)


def test_what_a_reader_finds() -> None:
    run = sample()
    text = Reader(page(run)).text
    for part in (
        "By 3 findings on 1 host and 2 VMs; 3 more blockers could not be verified.",
        "Do not start the upgrade.",
        "Frankfurt production",
        "2026-11-23 20:15:04 UTC",
        "live: https://xs-01.example",
        "xenserver-7.2",
        "64 planned = 56 judged",
        NOTES[0],
        "found: XS72E006 and XS72E010 missing",
        "xe update-apply uuid=1a2b3c4d-0006-4000-8000-00000000e006",
        f"VM-LOCAL-01:{run.outcomes[-1].object.uuid[:4]}",
        "j.doe, approved by a.smith",
        "SSH refused the key of root",
        "poolproof.toml",
        "host.get_vms_which_prevent_evacuation",
        "df -P -k / /boot",
        hashlib.sha256(to_bytes(run.results)).hexdigest(),
    ):
        assert part in text, part


@pytest.mark.parametrize("changes", [{}, {"clean": True}, {"drop": "VM-AGILE-01"}])
def test_well_formed_and_accessible(changes: dict[str, Any]) -> None:
    reader = Reader(page(sample(**changes)))
    assert reader.open == []
    tags = [tag for tag, _ in reader.tags]
    assert dict(reader.tags)["html"]["lang"] == "en"
    assert tags.count("h1") == 1
    assert all("scope" in attributes for tag, attributes in reader.tags if tag == "th")
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert {link[1:] for link in links if link} <= set(ids)
    assert all(link and link.startswith("#") for link in links)


def test_clean_and_incomplete_pages() -> None:
    clean = Reader(page(sample(clean=True), calls={})).text
    assert "11 checks passed on the pool, 3 hosts, 2 SRs and 12 VMs." in clean
    assert "Nothing: the facts come from a file." in clean
    short = Reader(page(sample(drop="VM-AGILE-01"))).text
    assert "It adds up, but the run is not complete." in short
    assert "Planned, and without an outcome" in short
    run = sample()
    doubled = close(run.planned, (*run.outcomes, run.outcomes[0]))
    assert "The ledger does not add up: this run proves nothing." in Reader(page(doubled)).text


def test_nothing_but_our_own_style_may_load() -> None:
    text = page(sample())
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("make", [attacked, lambda: page(sample())], ids=["attacked", "sample"])
def test_hostile_text_stays_text(make: Any) -> None:
    text = make()
    reader = Reader(text)
    assert reader.open == []
    assert not {tag for tag, _ in reader.tags} & {"script", "img", "iframe", "object", "b onclick"}
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert "javascript" not in str(attributes.get("href"))
    assert "{{ 7*7 }}" in reader.text or make is not attacked
    # Nothing that turns the direction of writing, and no control character but the newline.
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\u202e" not in text


def test_names_are_shown_whole_enough() -> None:
    text = Reader(page(sample())).text
    for shown in (
        '"><img src=x onerror=alert(1)>',
        "two\\nlines\\r\\n\\tand a tab",
        "right \\u202eot tfel\\u202c mark",
        "nul\\x00 esc\\x1b[31m bell\\x07",
        "half \\ud83d surrogate",
        "日本語サーバー",
        "L" * 119 + "…",
    ):
        assert shown in text
    assert len(HOSTILE) == 8


def test_remedies_mark_commands() -> None:
    text = page(sample())
    assert "<code>xe update-apply uuid=1a2b3c4d-0006" in text
    run = sample()
    odd = tuple(replace(one, remedy="a ` b `c` d ` e <i>") for one in run.outcomes)
    shown = page(close(run.planned, odd))
    assert "a <code> b </code>c<code> d </code> e &lt;i&gt;" in shown
    single = tuple(replace(one, remedy="it`s <i>") for one in run.outcomes)
    assert "it`s &lt;i&gt;" in page(close(run.planned, single))


def test_many_findings_become_rows() -> None:
    run = large(300)
    loud = tuple(
        replace(one, outcome="warning", message="VM: bad") if one.check == "VM-TOOLS-01" else one
        for one in run.outcomes
    )
    text = page(close(run.planned, loud))
    assert "and 100 more: " in text
    assert text.count("<article") < 420
    # Those beyond the limit stand in the rows of their check.
    rest = text[text.index('id="check-VM-TOOLS-01"') :]
    assert all(f"vm-{number}" in rest for number in range(300))


def test_a_large_run() -> None:
    run = large_run.run()
    assert len(run.outcomes) > 59_000
    drawn = pictures(large_run.picture_data(run), "rolling")
    text = page(run, pictures=drawn)
    assert len(text.encode()) < 8_000_000
    reader = Reader(text)
    assert reader.open == []
    # A browser's search finds whatever there is.
    assert {vm.name for vm in large_run.VMS} <= set(
        re.findall(r"app-\d{5}\.prod\.fra1", reader.text)
    )
    assert "Evidence of what passed is cut short here" in reader.text


def test_a_large_run_of_which_a_quarter_fails() -> None:
    run = large_run.run(failing=250)
    text = page(run, pictures=pictures(large_run.picture_data(run), "rolling"))
    assert len(text.encode()) < 8_000_000
    # What failed is told, and what passed is still named.
    assert text.count("disks - expected: none on a local SR while it runs") > 5000
    assert len(set(re.findall(r"app-\d{5}\.prod\.fra1", text))) == len(large_run.VMS)


def test_objects_are_told_apart_by_uuid_where_names_do_not() -> None:
    run = sample()
    twins = tuple(
        replace(one, object=replace(one.object, name="twin")) if one.object.class_ == "VM" else one
        for one in run.outcomes
    )
    text = Reader(page(close(run.planned, twins))).text
    for vm in VMS:
        assert f"twin ({vm.uuid[:8]})" in text


def test_commands_stand_by_themselves() -> None:
    run = sample()
    vm = VMS[2]
    text = page(run)
    assert f'<pre class="command"><code>xe vm-shutdown uuid={vm.uuid}</code></pre>' in text
    (one, *_) = [o for o in run.outcomes if o.outcome == "blocked"]
    open_ = replace(one, remedy="`xe pbd-plug uuid=...`, then `xe vm-start uuid=a\u202eb`")
    shown = page(close(run.planned, (open_, *(o for o in run.outcomes if o is not one))))
    assert "<code>xe pbd-plug uuid=...</code></pre>\n<p" in shown
    assert "To be filled in before it runs." in shown
    assert "Not to be pasted" in shown
    with_function = tuple(replace(c, function="test_local") for c in CHECKS)
    again = Reader(page(close(run.planned, run.outcomes, (), with_function))).text
    assert "pytest --pool=xs-01.example --target=xenserver-7.2 -k" in again


def test_not_verified_is_told_by_cause_and_then_by_host() -> None:
    text = Reader(page(sample())).text
    section = text[text.rindex("by cause") : text.rindex("and every object it was judged on")]
    assert "host xs-03: SSH refused the key of root, so its dom0 was not read" in section
    assert "host xs-03HOST-HOTFIX-01, HOST-SPACE-01" in section
    assert "host xs-01, xs-02, xs-03HOST-HCL-01" in section


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_wcag_aa(scheme: int) -> None:
    css = (Path(__file__).parents[1] / "reports" / "page.css").read_text()
    block = re.findall(r":root \{([^}]*--ink[^}]*)\}", css)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    words = ("pass", "blocked", "warning", "unknown", "waived", "quiet")
    pairs = [(word, f"{word}-tint") for word in words]
    pairs += [(word, ground) for word in words for ground in ("paper", "ground")]
    pairs += [
        (ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "ground", "sunk")
    ]
    pairs += [("ink", f"{word}-tint") for word in words]
    for ink, ground in pairs:
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chromium_runs_no_script(tmp_path: Path) -> None:
    control, report = tmp_path / "control.html", tmp_path / "report.html"
    control.write_text(f"<!DOCTYPE html><title>unharmed</title><body>{ATTACK}", encoding="utf-8")
    report.write_text(attacked(), encoding="utf-8")
    with browser(tmp_path / "profile") as seen:
        seen.open(control)
        assert seen.value("document.title") == "owned", "the attack is a dud"
        seen.open(report)
        page_as_it_is = str(seen.value("document.documentElement.outerHTML"))
        assert not re.search("<(script|img|iframe)", page_as_it_is)
        assert html.escape("<img src=x onerror=", quote=False) in page_as_it_is
        assert str(seen.value("document.title")).startswith("BLOCKED: ")
        assert seen.said("Log.entryAdded", "Runtime.consoleAPICalled") == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chromium_obeys_the_policy(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    text = page(sample())
    # What escaped nothing would still be refused; and so would any style but ours.
    text = text.replace("</main>", f"{ATTACK}</main>").replace("<style>", "<style>/**/")
    report.write_text(text, encoding="utf-8")
    with browser(tmp_path / "profile") as seen:
        seen.open(report)
        assert str(seen.value("document.title")).startswith("BLOCKED: ")
        said = str(seen.said("Log.entryAdded"))
        assert "style" in said
        assert "script" in said


def test_verdict_words_have_a_look() -> None:
    run = sample()
    for word in ("READY", "READY WITH CONDITIONS", "BLOCKED", "NOT VERIFIED", "INCOMPLETE"):
        verdict = Verdict(word, False, False, False, f"{word}: because")
        text = render(run.results, verdict, settings=[], calls={}).decode()
        assert "Because." in text
