"""What has changed since an earlier run of the same pool: `python -m reports.comparison OLD NEW`.

Findings are compared by their key. A finding is open while it is blocked, not verified, a warning
or waived; one that is merely no longer looked at is gone, never fixed.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from fixtures.baseline import refusal
from fixtures.baseline_reading import read_baseline
from fixtures.exceptions import UsageProblemError
from fixtures.raw import Json
from reports.outcome import (
    OPEN,
    SEVERITIES,
    count_objects,
    in_words,
    object_of,
    object_order,
    without_object,
)
from reports.results import finding_of
from reports.text import NAME_LIMIT, for_terminal, one_line

KINDS: Final[Mapping[str, str]] = {
    "new": "open, and was not",
    "worse": "open, and graver than it was or by another lack",
    "changed": "open as before, with another message, cause or waiver",
    "better": "open still, and less grave or waived",
    "fixed": "was open, and is not",
    "gone": "was open, and is not looked at or does not apply any more",
    "otherwise": "not open, and answered by another word",
    "unchanged": "open as before",
}
"""What can have become of a finding, in the order of concern."""

CONCERNS: Final = ("new", "worse")
EXIT_USAGE: Final = 4
_GRAVITY: Final = {"warning": 1, "not-verified": 2, "blocked": 3}
# Told apart from the rest: they decide what is asked at all.
RUN_SETTINGS: Final = ("target", "method", "phase")


def compare(then: Mapping[str, Json], now: Mapping[str, Json]) -> dict[str, Json]:
    """Compare two runs.

    Args:
        then: the earlier one, as `fixtures.baseline_reading.read_baseline` returns it.
        now: the later one, as `fixtures.baseline.compared_parts` returns it.

    Returns:
        The value of `comparison` in `results.json`; see its schema.
    """
    unread = _unread(then) | _unread(now)
    objects = _objects(then), _objects(now)
    checks = [{one["id"]: one for one in run["checks"]} for run in (then, now)]
    lost = checks[0].keys() - checks[1].keys()
    findings, unchanged = _findings(then, now, objects[1].keys(), lost)
    counts = dict.fromkeys(KINDS, 0)
    for one in findings:
        counts[one["kind"]] += 1
    run = then["run"]
    return {
        "baseline": {
            "bundle": then["bundle"],
            "manifest": then["manifest"],
            "pool": run["pool"],
            "started": run["started"],
            "ended": run["ended"],
            "verdict": then["verdict"],
        },
        "differences": _differences(then, now)
        + [
            f"{one}: not read both times, so none counts as added or gone" for one in sorted(unread)
        ],
        "settings": changed_settings(then, now),
        "counts": {**counts, "unchanged": unchanged},
        "findings": findings,
        "objects": {
            "added": _listed(objects[1], objects[0], unread),
            "gone": _listed(objects[0], objects[1], unread),
        },
        "checks": {
            "added": sorted(checks[1].keys() - checks[0].keys()),
            "gone": sorted(lost),
            "lighter": sorted(
                key
                for key in checks[0].keys() & checks[1].keys()
                if _light(checks[1][key]) > _light(checks[0][key])
            ),
        },
    }


def since_of(comparison: Mapping[str, Json] | None) -> Callable[[Mapping[str, Json]], str]:
    """How an outcome stands to the baseline, as a word for tables: `new (was pass)`, `unchanged`.

    Empty for what is not open and answered as before, and without a comparison.
    """
    known = {} if comparison is None else {finding_of(one): one for one in comparison["findings"]}

    def since(outcome: Mapping[str, Json]) -> str:
        found = known.get(finding_of(outcome))
        if found is None:
            return "unchanged" if comparison and outcome["outcome"] in OPEN else ""
        return f"{found['kind']} (was {found['then'] or 'not there'})"

    return since


def _findings(
    then: Mapping[str, Json],
    now: Mapping[str, Json],
    present: Iterable[tuple[str, str]],
    lost: set[str],
) -> tuple[list[dict[str, Json]], int]:
    before, after = _by_key(then), _by_key(now)
    here = set(present)
    found = []
    unchanged = 0
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        kind = _kind(old, new)
        if kind == "unchanged":
            unchanged += 1
        elif kind:
            one = new or old or {}
            found.append(
                {
                    "check": one["check"],
                    "severity": one["severity"],
                    "object": one["object"],
                    "kind": kind,
                    "then": old["outcome"] if old else None,
                    "now": new["outcome"] if new else None,
                    "before": _text(old) if old else "",
                    "after": _text(new) if new else _why_gone(one, here, lost),
                }
            )
    order = list(KINDS)
    found.sort(key=lambda one: (order.index(one["kind"]), -_weight(one["now"]), one["check"]))
    return found, unchanged


def _by_key(run: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    """Finding -> outcome; where a pair has several, the gravest counts."""
    found: dict[str, Mapping[str, Json]] = {}
    for one in run["outcomes"]:
        key = finding_of(one)
        if key not in found or _weight(one["outcome"]) > _weight(found[key]["outcome"]):
            found[key] = one
    return found


def _weight(word: str | None) -> int:
    return _GRAVITY.get(word or "", 0)


def _kind(old: Mapping[str, Json] | None, new: Mapping[str, Json] | None) -> str:
    """What became of one finding; empty where there is nothing to tell."""
    was = old is not None and old["outcome"] in OPEN
    if new is None:
        return "gone" if was else ""
    if new["outcome"] not in OPEN:
        if was:
            return "gone" if new["outcome"] == "not-applicable" else "fixed"
        return "otherwise" if old is not None and old["outcome"] != new["outcome"] else ""
    return _open_kind(old, new) if old is not None and was else "new"


def _open_kind(old: Mapping[str, Json], new: Mapping[str, Json]) -> str:
    """The same for a finding that was open and is."""
    before, after = _under(old), _under(new)
    if _weight(after) > _weight(before) or _light(new) < _light(old):
        return "worse"
    if old["outcome"] == new["outcome"]:
        same = before == after and _text(old) == _text(new) and old["waiver"] == new["waiver"]
        return "unchanged" if same else "changed"
    if new["outcome"] == "waived":
        return "better"
    if old["outcome"] == "blocked":
        # Not to know whether it blocks any more is no progress.
        return "changed" if after == "not-verified" else "better"
    # A waiver that no longer holds, and what nobody knew and is now known to fall short.
    return "worse"


def _under(one: Mapping[str, Json]) -> str:
    """The word of an outcome, below its waiver."""
    waiver = one["waiver"] or {}
    return str(waiver.get("original", one["outcome"]))


def _light(one: Mapping[str, Json]) -> int:
    return SEVERITIES.index(one["severity"])


def _text(one: Mapping[str, Json]) -> str:
    object_ = one["object"]
    return without_object(one["message"] or one["cause"], object_["class"], object_["name"])


def _why_gone(one: Mapping[str, Json], here: set[tuple[str, str]], lost: set[str]) -> str:
    if one["check"] in lost:
        return "the check is not in this run"
    if (one["object"]["class"], one["object"]["uuid"]) not in here:
        return "the object is not there any more"
    return "it was not judged"


def _objects(run: Mapping[str, Json]) -> dict[tuple[str, str], Mapping[str, Json]]:
    return {
        (one["object"]["class"], one["object"]["uuid"]): one["object"] for one in run["outcomes"]
    }


def _unread(run: Mapping[str, Json]) -> set[str]:
    """Classes that could not be read: there the pool stands for their objects."""
    classes = {one["id"]: one["class"] for one in run["checks"]}
    return {
        classes[one["check"]]
        for one in run["outcomes"]
        if classes.get(one["check"], one["object"]["class"]) != one["object"]["class"]
    }


def _listed(
    of: Mapping[tuple[str, str], Mapping[str, Json]],
    without: Mapping[tuple[str, str], Mapping[str, Json]],
    unread: set[str],
) -> list[Mapping[str, Json]]:
    found = [of[key] for key in of if key not in without and key[0] not in unread]
    return sorted(found, key=lambda one: object_order(object_of(one)))


def _differences(then: Mapping[str, Json], now: Mapping[str, Json]) -> list[str]:
    """What was not asked alike, so that not every change is one of the pool."""
    before, after = then["run"], now["run"]
    found = []
    if before["pool"]["uuid"] != after["pool"]["uuid"]:
        found.append(
            f"pool: {before['pool']['name']} ({before['pool']['uuid']}) then, and compared only "
            "because it has hosts of this one"
        )
    found += [
        f"{key}: {before[key]} then, {after[key]} now"
        for key in RUN_SETTINGS
        # To look again after the upgrade is what the review after it is for.
        if before[key] != after[key] and (before[key], after[key]) != ("before", "after")
    ]
    tools = [f"{run['tool']['name']} {run['tool']['version']}" for run in (before, after)]
    if tools[0] != tools[1]:
        found.append(f"tool: {tools[0]} then, {tools[1]} now")
    if then["release_data"] != now["release_data"]:
        found.append("the release data are not the same")
    if before["source"]["kind"] != after["source"]["kind"]:
        found.append(f"facts: {before['source']['kind']} then, {after['source']['kind']} now")
    if then["verdict"] == "INCOMPLETE":
        found.append("the earlier run is INCOMPLETE: what it did not judge appears as new")
    if datetime.fromisoformat(before["ended"]) > datetime.fromisoformat(after["ended"]):
        found.append(f"the baseline is younger than this run: {before['ended']}")
    return found


def changed_settings(then: Mapping[str, Json], now: Mapping[str, Json]) -> list[str]:
    """`name: value then, value now` of every setting that differs, but for those of `RUN_SETTINGS`."""
    return [
        f"{name}: {_value(then['settings'].get(name))} then, {_value(now['settings'].get(name))} now"
        for name in sorted({*then["settings"], *now["settings"]} - {*RUN_SETTINGS})
        if _value(then["settings"].get(name)) != _value(now["settings"].get(name))
    ]


def _value(setting: Json) -> Json:
    return None if setting is None else setting["value"]


def headline(comparison: Mapping[str, Json]) -> str:
    """The comparison in one line."""
    base, objects, checks = (comparison[key] for key in ("baseline", "objects", "checks"))
    counts = [f"{number} {kind}" for kind, number in comparison["counts"].items() if number]
    parts = [in_words(counts) or "nothing was open then or is now"]
    for word in ("added", "gone"):
        if objects[word]:
            parts.append(f"{count_objects({object_of(one) for one in objects[word]})} {word}")
        if checks[word]:
            number = len(checks[word])
            parts.append(f"{number} check{'' if number == 1 else 's'} {word}")
    when = base["ended"].replace("T", " ").removesuffix("Z")
    return f"Since {base['bundle']} ({base['verdict']}, {when} UTC): {'; '.join(parts)}"


def line_of(one: Mapping[str, Json]) -> str:
    """One changed finding: what it is now, and what it was where that is no longer said."""
    object_ = one["object"]
    was = one["then"] or "not there"
    text = one["after"]
    if one["before"] and not text:
        text = f"was: {one['before']}"
    if one["kind"] in ("worse", "changed", "better") and one["before"] != one["after"]:
        text += f" - was: {one['before']}"
    return (
        f"{one['kind']}: {one['check']} {object_['class']} {one_line(object_['name'], NAME_LIMIT)} "
        f"({was} -> {one['now'] or 'gone'}){': ' * bool(text)}{text}"
    )


def lines_of(comparison: Mapping[str, Json], room: int | None = None) -> list[str]:
    """The comparison in lines of plain text.

    Args:
        comparison: of `results.json`.
        room: the most findings shown, the gravest first; whatever newly blocks is shown anyway.
            None shows all that is in it.
    """
    found = comparison["findings"]
    kept = [
        one
        for index, one in enumerate(found)
        if room is None
        or (index < room and (one["kind"] != "otherwise" or len(found) <= room))
        or (one["now"] == "blocked" and one["kind"] in CONCERNS)
    ]
    lines = [headline(comparison)]
    lines += [f"  asked otherwise: {one}" for one in comparison["differences"]]
    lines += [f"  setting {one}" for one in comparison["settings"]]
    lines += [f"  {line_of(one)}" for one in kept]
    if len(found) > len(kept):
        lines.append(f"  ... and {len(found) - len(kept)} more, in the report")
    for word in ("added", "gone") if room is None else ():
        lines += [
            f"  {word}: {one['class']} {one_line(one['name'], NAME_LIMIT)} ({one['uuid']})"
            for one in comparison["objects"][word]
        ]
        lines += [f"  {word}: check {one}" for one in comparison["checks"][word]]
    return lines


def main(words: Sequence[str] | None = None) -> int:
    """Compare two finished bundles; 0, or 4 if one cannot be read or they cannot be compared."""
    parser = argparse.ArgumentParser(prog="python -m reports.comparison", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    asked = parser.parse_args(words)
    try:
        old, new = read_baseline(asked.old), read_baseline(asked.new)
        if problem := refusal(old, new["run"]["pool"], _hosts(new)):
            raise UsageProblemError(problem)
    except UsageProblemError as problem:
        sys.stderr.write(f"ERROR: {for_terminal(str(problem))}\n")
        return EXIT_USAGE
    for line in lines_of(compare(old, new)):
        sys.stdout.write(for_terminal(line) + "\n")
    return 0


def _hosts(run: Mapping[str, Json]) -> set[str]:
    return {one["object"]["uuid"] for one in run["outcomes"] if one["object"]["class"] == "host"}


if __name__ == "__main__":
    sys.exit(main())
