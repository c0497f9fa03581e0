"""`summary.md`: one screen for the ticket of the change."""

import re
from collections.abc import Mapping
from typing import Final

from fixtures.raw import Json
from reports.comparison import lines_of as comparison_lines
from reports.gate import lines_of as gate_lines
from reports.gate import next_step
from reports.outcome import count_objects, object_of, without_object
from reports.results import finding_of
from reports.text import NAME_LIMIT, one_line

MOST_ROWS: Final = 50
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&$@])")
_TITLES: Final = {
    "blocked": "Blockers",
    "not-verified": "Not verified",
    "warning": "Warnings",
    "waived": "Waived",
    "info": "For the record",
}


def summary(results: Mapping[str, Json]) -> bytes:
    """The bytes of `summary.md` (CommonMark), from the content of `results.json`."""
    run = results["run"]
    source = run["source"]
    path = f"{source.get('release', 'an unknown release')} to {run['target_name'] or 'no target stated'}"
    when = f"{run['started']} to {run['ended']}"
    lines = [
        f"# {plain(results['verdict'])}: pool {plain(run['pool']['name'])}",
        "",
        plain(results["sentence"]),
        "",
        plain(next_step(results)),
        "",
        f"- Pool: {plain(run['pool']['name'])} ({plain(run['pool']['uuid'])})",
        f"- From {plain(path)}, method {plain(run['method'])}, {plain(run['phase'])} the upgrade",
        f"- Window: {plain(run['window'] or 'not stated')}",
        f"- Read {plain(when)}, {plain(source['kind'])} {plain(source['address'])}",
        f"- Made by {plain(run['tool']['name'])} {plain(run['tool']['version'])}",
        f"- Ledger: {plain(results['ledger']['sentence'])}",
    ]
    lines += [f"- Note: {plain(note)}" for note in results["notes"]]
    lines += _since(results)
    for word, title in _TITLES.items():
        found = [one for one in results["outcomes"] if one["outcome"] == word]
        found = [one for one in found if word != "info" or one["message"]]
        if found:
            where = count_objects({object_of(one["object"]) for one in found})
            lines += ["", f"## {title}: {len(found)} on {where}", ""]
            lines += [_row(one) for one in found[:MOST_ROWS]]
        if len(found) > MOST_ROWS:
            lines.append(f"- ... and {len(found) - MOST_ROWS} more, in the report")
    return "\n".join(lines).encode() + b"\n"


def _since(results: Mapping[str, Json]) -> list[str]:
    """Gate and comparison."""
    lines = []
    if gate := results.get("gate"):
        first, *reasons = gate_lines(gate)
        lines += ["", f"## {plain(first)}", "", *(f"- {plain(one.strip())}" for one in reasons)]
    if comparison := results.get("comparison"):
        first, *changes = comparison_lines(comparison, MOST_ROWS)
        lines += ["", "## Since the baseline", "", plain(first), ""]
        lines += [f"- {plain(one.strip())}" for one in changes]
    return lines


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line; no link, no mention, no markup."""
    shown = _SPECIAL.sub(r"\\\1", one_line(text))
    # Two schemes and www. are made links even without any markup.
    return re.sub(r":(?=//)", r"\\:", re.sub(r"(?i)\b(www)\.", r"\1\\.", shown))


def _row(one: Mapping[str, Json]) -> str:
    object_ = one["object"]
    said = without_object(one["message"] or one["cause"], object_["class"], object_["name"])
    name = f"{object_['class']} {one_line(object_['name'], NAME_LIMIT)}"
    row = f"- **{plain(one['check'])}** {plain(name)}: {plain(said)} ({plain(finding_of(one))})"
    waiver = one["waiver"]
    if waiver:
        row += (
            f"; waived until {plain(str(waiver.get('until')))} by {plain(str(waiver.get('owner')))},"
            f" approved by {plain(str(waiver.get('approver')))},"
            f" ticket {plain(str(waiver.get('ticket')))}: {plain(str(waiver.get('reason')))}"
            f"{_instead(waiver)}"
        )
    return row


def _instead(waiver: Mapping[str, Json]) -> str:
    """The compensating measure, where one was stated."""
    return f"; instead: {plain(str(waiver['measure']))}" if waiver.get("measure") else ""
