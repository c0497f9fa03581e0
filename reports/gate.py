"""The freshness gate: is the pool still what people have signed off, right before the change?

Signatures, age and what was asked are judged before the pool is contacted, and again here from what
was stored, together with what has changed since. Whatever cannot be judged keeps the gate closed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from fixtures.baseline import compared_parts
from fixtures.raw import Json
from fixtures.settings import age_of
from reports.comparison import CONCERNS, RUN_SETTINGS, changed_settings, compare, line_of
from reports.comparison import lines_of as comparison_lines
from reports.results import cleaned
from reports.text import one_line
from reports.verdict import EXIT_CODES, EXIT_CONDITIONS_REFUSED, NEXT_STEPS

EXIT_GATE_CLOSED: Final = 20
MAX_AGE: Final = "72h"
# The start of the change may be put off without a new sign-off; a changed one is listed.
_MAY_DIFFER: Final = ("window",)
_APPROVABLE: Final = ("READY", "READY WITH CONDITIONS")
_REASONS_LISTED: Final = 200
_REASONS_SHOWN: Final = 40
_ROOM: Final = 12


def with_baseline(results: dict[str, Json], inputs: Mapping[str, Json]) -> dict[str, Json]:
    """Results completed by the comparison with an earlier run, and by the gate, where asked for.

    Args:
        results: what `reports.results.document` returned.
        inputs: what is stored beside the facts; `baseline` and `gate` are looked at.
    """
    then, gate = inputs.get("baseline"), inputs.get("gate")
    if then is None and gate is None:
        return results
    comparison = None
    try:
        if then is None:
            raise ValueError("there is no baseline")
        now = compared_parts(results, inputs)
        comparison = compare(then, now)
        judged = None if gate is None else _judge(gate, then, now, results["flags"], comparison)
    except Exception as problem:
        if gate is None:
            raise
        # Nobody may go ahead because the one who should have stopped them stumbled.
        words = one_line(f"{type(problem).__name__}: {problem}")
        judged = _gate(gate, [f"it could not be judged: {words}"])
    notes = list(results["notes"])
    if comparison and comparison["differences"]:
        bundle = comparison["baseline"]["bundle"]
        notes.append(f"not like the baseline {bundle}: {'; '.join(comparison['differences'])}")
    added = {"notes": notes, "comparison": comparison, "gate": judged}
    return {**results, **{key: cleaned(value) for key, value in added.items()}}


def exit_code(results: Mapping[str, Json], code: int) -> int:
    """The exit code of a run: a closed gate overrules only what would let the upgrade go ahead.

    Args:
        results: of the run.
        code: what its verdict alone ends with.
    """
    gate = results["gate"]
    passing = code in (EXIT_CODES["READY"], EXIT_CONDITIONS_REFUSED)
    return EXIT_GATE_CLOSED if gate is not None and gate["open"] is not True and passing else code


def next_step(results: Mapping[str, Json]) -> str:
    """What an administrator does now, by verdict and gate."""
    gate = results.get("gate")
    if gate and not gate["open"] and results["verdict"] in _APPROVABLE:
        return (
            "The gate is closed: do not start the upgrade. Clear what is worse than what was signed, "
            "or have this run signed, and try again."
        )
    return NEXT_STEPS[results["verdict"]]


def sign_off_doubts(
    gate: Mapping[str, Json], then: Mapping[str, Json], moment: datetime
) -> list[str]:
    """Why a sign-off does not count at a moment.

    Args:
        gate: what `fixtures.gate_reading.read_sign_off` returned.
        then: the run that was signed, as `fixtures.baseline_reading.read_baseline` returns it.
        moment: aware; the age of that run is counted to it.
    """
    doubts = list(gate["refusals"])
    decisions = gate["decisions"]
    doubts += [
        f"{one_line(one['signer'])} rejected it"
        for one in decisions
        if one["decision"] != "approve"
    ]
    people = {one["signer"].casefold() for one in decisions if one["decision"] == "approve"}
    keys = {one["fingerprint"] for one in decisions if one["decision"] == "approve"}
    if (number := min(len(people), len(keys))) < max(gate["signers"], 1):
        doubts.append(f"approved by {number} of {gate['signers']} people")
    if gate["manifest"] != then["manifest"]:
        doubts.append("what was signed is not what this run is compared with")
    if then["verdict"] not in _APPROVABLE:
        doubts.append(f"what was signed is {then['verdict']}")
    age = moment - datetime.fromisoformat(then["run"]["ended"])
    if age < timedelta():
        doubts.append(f"the signed run claims to be from the future: {then['run']['ended']}")
    if age > age_of("max_age", gate["max_age"], "gate"):
        doubts.append(f"stale: audited {_in_words(age)} ago, at most {gate['max_age']} are allowed")
    return list(dict.fromkeys(doubts))


def asked_otherwise(then: Mapping[str, Json], now: Mapping[str, Json]) -> list[str]:
    """What this run is asked otherwise than the one that was signed.

    Args:
        then: the run that was signed.
        now: of this one `run` (`target`, `method`, `phase`, `tool`), `settings`, `release_data`.
    """
    before, after = then["run"], now["run"]
    found = [
        f"signed for {key} {before[key]}, asked for {after[key]}"
        for key in RUN_SETTINGS
        if before[key] != after[key]
    ]
    tools = [f"{run['tool']['name']} {run['tool']['version']}" for run in (before, after)]
    if tools[0] != tools[1]:
        found.append(f"signed on the word of {tools[0]}, this is {tools[1]}")
    if then["release_data"] != now["release_data"]:
        found.append("signed with other release data")
    return found + [
        f"signed with another setting: {line}"
        for line in changed_settings(then, now)
        if line.partition(":")[0] not in _MAY_DIFFER
    ]


def lines_of(gate: Mapping[str, Json]) -> list[str]:
    """The gate in lines of plain text, its word first."""
    if gate["open"]:
        names = ", ".join(one["signer"] for one in gate["approvals"])
        words = f"audited {gate['age']} before, at most {gate['max_age']}"
        first = f"Gate OPEN: approved by {names}; {words}; nothing is worse than what was signed"
        notes = [
            f"  note: {one['signer']}: {it}" for one in gate["approvals"] for it in one["notes"]
        ]
        return [first, *notes]
    return ["Gate CLOSED: do not start the upgrade", *(f"  {one}" for one in gate["reasons"])]


def since_lines(results: Mapping[str, Json]) -> list[str]:
    """Gate and comparison in lines of plain text; empty without a baseline."""
    gate, comparison = results["gate"], results["comparison"]
    lines: list[str] = []
    if gate:
        reasons = lines_of(gate)
        lines = reasons[:_REASONS_SHOWN]
        if len(reasons) > len(lines):
            lines.append(f"  ... and {len(reasons) - len(lines)} more, in the report")
    if comparison and gate:
        # What concerns is among the reasons.
        rest = [one for one in comparison["findings"] if one["kind"] not in CONCERNS]
        comparison = {**comparison, "findings": rest}
    return lines + (comparison_lines(comparison, _ROOM) if comparison else [])


def _judge(
    gate: Mapping[str, Json],
    then: Mapping[str, Json],
    now: Mapping[str, Json],
    flags: Mapping[str, bool],
    comparison: Mapping[str, Json],
) -> dict[str, Json]:
    before, after = then["run"], now["run"]
    ended = datetime.fromisoformat(after["ended"])
    reasons = sign_off_doubts(gate, then, ended) + asked_otherwise(then, now)
    if before["pool"]["uuid"] != after["pool"]["uuid"]:
        reasons.append(f"signed for another pool: {before['pool']['uuid']}")
    kinds = before["source"]["kind"], after["source"]["kind"]
    if kinds[1] not in ("live", "sim") or kinds[0] != kinds[1]:
        reasons.append(f"signed with facts from {kinds[0]}, read from {kinds[1]}: not a live pool")
    reasons += [f"this run: {name.replace('_', ' ')}" for name, held in flags.items() if held]
    checks = comparison["checks"]
    reasons += [f"not looked at any more: {one}" for one in checks["gone"]]
    reasons += [f"weighs less than when it was signed: {one}" for one in checks["lighter"]]
    reasons += [line_of(one) for one in comparison["findings"] if one["kind"] in CONCERNS]
    return _gate(gate, reasons, _in_words(ended - datetime.fromisoformat(before["ended"])))


def _gate(gate: Mapping[str, Json], reasons: Sequence[str], age: str = "") -> dict[str, Json]:
    """The value of `gate` in `results.json`; without a single reason, and only then, it is open."""
    listed = list(reasons[:_REASONS_LISTED])
    if len(reasons) > len(listed):
        listed.append(f"... and {len(reasons) - len(listed)} more, in the comparison")
    return {
        "open": not reasons,
        "bundle": gate.get("bundle", ""),
        "manifest": gate.get("manifest", ""),
        "signers": gate.get("signers", 1),
        "max_age": gate.get("max_age", ""),
        "age": age,
        "approvals": [one for one in gate.get("decisions", ()) if one["decision"] == "approve"],
        "reasons": listed,
    }


def _in_words(age: timedelta) -> str:
    """`3 h 5 min`, also where it is negative."""
    minutes = int(age.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 0 else f"{minutes} min"
