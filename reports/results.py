"""`results.json`: the contract that others read, published as `results.schema.json`.

The same run gives the same bytes on any machine, any day: everything is sorted, nothing here looks
at a clock, and all that is not plain JSON is made so by `reports.evidence`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fixtures.raw import Json
from reports.evidence import plain, plain_text
from reports.json_text import indented
from reports.ledger import Ledger
from reports.outcome import OPEN, CheckInfo, ObjectRef, Outcome, outcome_order
from reports.remedies import commands_of, recheck
from reports.verdict import Verdict

SCHEMA_ID: Final = "poolproof/results/1"
SCHEMA_FILE: Final = Path(__file__).with_name("results.schema.json")
RUN_KEYS: Final = (
    "tool",
    "source",
    "pool",
    "target",
    "target_name",
    "window",
    "phase",
    "method",
    "started",
    "ended",
    "command",
)


def document(
    *,
    run: Mapping[str, Json],
    checks: Iterable[CheckInfo],
    ledger: Ledger,
    verdict: Verdict,
    notes: Sequence[str],
    outcomes: Iterable[Outcome],
) -> dict[str, Json]:
    """The content of `results.json`; the other reports are made from it.

    `comparison` and `gate` are filled in by `reports.gate.with_baseline`.

    Args:
        run: `tool` {"name", "version", ...}, `source` {"kind", "address", ...}, `pool` {"uuid",
            "name"}, `target` (id or None), `target_name`, `window` (ISO
            or None), `phase`, `method`, `started` and `ended` (UTC,
            `YYYY-MM-DDTHH:MM:SSZ`), `command` (list of words).
        checks: the catalogue of the chosen checks.
        ledger: the account of the run.
        verdict: its answer.
        notes: what must be said loudly, e.g. an expired waiver; kept in this order.
        outcomes: all outcomes, in any order.

    Raises:
        ValueError: `run` lacks a key or has one too many.
    """
    if set(run) != set(RUN_KEYS):
        raise ValueError(f"run must have exactly the keys {', '.join(RUN_KEYS)}")
    checks = sorted(checks, key=lambda check: check.id)
    # Thousands of outcomes are about the same objects, and have the same evidence and remedies.
    objects: dict[ObjectRef, dict[str, str]] = {}
    functions = {check.id: check.function for check in checks}
    return {
        "schema": SCHEMA_ID,
        "run": {key: plain(run[key]) for key in RUN_KEYS},
        "ledger": cleaned(ledger.as_json()),
        "verdict": verdict.word,
        "sentence": plain_text(verdict.sentence),
        "flags": verdict.flags,
        "notes": [plain_text(note) for note in notes],
        "catalogue": [_check_json(check) for check in checks],
        "outcomes": [
            _outcome_json(outcome, functions.get(outcome.check, ""), run, objects)
            for outcome in sorted(outcomes, key=outcome_order)
        ],
        "comparison": None,
        "gate": None,
    }


def to_bytes(results: Mapping[str, Json]) -> bytes:
    """The canonical bytes: sorted keys, one space of indent, ASCII only, one newline at the end.

    ASCII, because a file that people print to a terminal must not carry what a terminal obeys.
    """
    return b"".join(pieces(results))


def pieces(results: Mapping[str, Json]) -> Iterator[bytes]:
    """The canonical bytes piece by piece, for a large run has more than a hundred megabytes."""
    for text in indented(results):
        yield text.encode("ascii")
    yield b"\n"


def finding_of(outcome: Mapping[str, Json]) -> str:
    """The stable key of an outcome, or of a pair without one: check id and object uuid."""
    return f"{outcome['check']}:{outcome['object']['uuid']}"


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of `results.json`."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


def _check_json(check: CheckInfo) -> dict[str, Json]:
    return {
        "id": check.id,
        "severity": check.severity,
        "class": check.object_class,
        "title": plain_text(check.title),
        "why": plain_text(check.why),
        "source": plain_text(check.source),
        "remedy": plain_text(check.remedy),
        "risk": plain_text(check.risk),
        "file": plain_text(check.file),
        "function": plain_text(check.function),
        "waivable": check.waivable,
        "question": plain_text(check.question),
    }


def _object_json(object_: ObjectRef) -> dict[str, str]:
    return {
        "class": object_.class_,
        "uuid": plain_text(object_.uuid),
        "name": plain_text(object_.name),
    }


def _outcome_json(
    outcome: Outcome,
    function: str,
    run: Mapping[str, Json],
    objects: dict[ObjectRef, dict[str, str]],
) -> dict[str, Json]:
    looked_at = outcome.outcome in OPEN and function
    for object_ in filter(None, (outcome.object, outcome.host)):
        if object_ not in objects:
            objects[object_] = _object_json(object_)
    return {
        "check": outcome.check,
        "severity": outcome.severity,
        "object": objects[outcome.object],
        "outcome": outcome.outcome,
        "message": plain_text(outcome.message),
        "evidence": plain(outcome.evidence),
        "remedy": plain_text(outcome.remedy),
        "commands": list(map(plain_text, commands_of(outcome.remedy))) if outcome.remedy else [],
        "recheck": recheck(outcome.object, function, run["command"]) if looked_at else "",
        "cause": plain_text(outcome.cause),
        "waiver": None if outcome.waiver is None else plain(outcome.waiver),
        **({"host": objects[outcome.host]} if outcome.host else {}),
    }


def cleaned(value: Json) -> Json:
    """Strings capped and made whole; lists are never cut, since their rows are their meaning."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        return {key: cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return value
