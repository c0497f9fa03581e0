"""`report.html`: one static page for people, without script, made from `results.json` alone.

All text that others wrote passes two gates before it lands in the page: `one_line`, which makes the
invisible visible, and the template engine's own escaping of markup. A strict content security
policy would stop a script that passed both.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup, escape

from fixtures.raw import Json
from reports.gate import next_step
from reports.ledger import FATES
from reports.outcome import without_object
from reports.page_rows import WHOLE, by_object, gist, names_of, objects, rows
from reports.page_view import (
    CARDS,
    SYMBOLS,
    WORDS,
    account,
    bar,
    calls_by_kind,
    causes,
    checks,
    groups,
)
from reports.pictures import Picture
from reports.provenance import sources
from reports.remedies import first_gap
from reports.results import to_bytes
from reports.text import NAME_LIMIT, TEXT_LIMIT, one_line, visible
from reports.verdict import Verdict

_HERE: Final = Path(__file__).parent
_STYLES: Final = ("page.css", "page_pictures.css")

VERDICT_CLASSES: Final = {
    "READY": "pass",
    "READY WITH CONDITIONS": "warning",
    "BLOCKED": "blocked",
    "NOT VERIFIED": "not-verified",
    "INCOMPLETE": "not-verified",
}
LEGEND: Final = (
    ("pass", "The precondition holds, and the evidence says so."),
    ("blocked", "A blocker: the upgrade must not start before this is cleared."),
    ("warning", "Short of what is advised; somebody accountable must accept it."),
    ("waived", "It failed, and a named person accepted that until a date."),
    ("not-verified", "The facts do not allow a judgement; of a blocker it forbids READY."),
    ("not-applicable", "The precondition has no meaning for this object, for the reason given."),
    ("info", "Told, not judged."),
    ("not-reached", "Planned, and without an outcome: the run is incomplete."),
    ("deselected", "Planned, and filtered out by the user: the run is incomplete."),
)


def render(
    results: Mapping[str, Json],
    verdict: Verdict,
    *,
    settings: Iterable[tuple[str, Json, str]],
    calls: Mapping[str, int],
    pictures: Sequence[Picture] = (),
    versions: Sequence[tuple[str, str]] = (),
    digest: str = "",
) -> bytes:
    """The bytes of `report.html`.

    Args:
        results: what `reports.results.document` returned.
        verdict: of the same run.
        settings: name, value in effect and origin of every setting, in the order to show.
        calls: XenAPI method, HTTP request or dom0 command -> how often it was used.
        pictures: what `reports.pictures.pictures` drew.
        versions: name and value of everything that the run rests on beside the pool.
        digest: SHA-256 of `results.json` in hexadecimal, where it is known already.
    """
    style = "".join((_HERE / name).read_text(encoding="utf-8") for name in _STYLES).strip()
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    run = results["run"]
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            results=results,
            run=run,
            ledger=results["ledger"],
            verdict=verdict,
            next_step=next_step(results),
            verdict_class=VERDICT_CLASSES[verdict.word],
            style=Markup(style),  # noqa: S704 - our own style sheets, beside this file
            style_hash=style_hash,
            digest=digest or hashlib.sha256(to_bytes(results)).hexdigest(),
            symbols=SYMBOLS,
            words=WORDS,
            fates=FATES,
            legend=LEGEND,
            bar=bar(results["ledger"]),
            settings=[(name, _value(value), origin) for name, value, origin in settings],
            calls=calls_by_kind(calls),
            pictures=pictures,
            versions=versions,
            release_data=dict(versions).get("Release data", "").partition(",")[0],
            sources=sources(results),
            source_text=_pairs(run["source"], ("kind", "address")),
            sentence=_sentence(verdict),
            account=account(results["ledger"]),
            ledger_word=_ledger_word(results["ledger"]),
            tool_text=_pairs(run["tool"], ("name", "version")),
            command=" ".join(str(word) for word in run["command"]),
            **_findings(results),
        )
    )
    return text.encode("utf-8")


def _findings(results: Mapping[str, Json]) -> dict[str, Json]:
    """What was found, put together as the sections of the page show it."""
    outcomes: Sequence[Mapping[str, Json]] = results["outcomes"]
    by_word: dict[str, list[Mapping[str, Json]]] = {word: [] for word in SYMBOLS}
    for one in outcomes:
        by_word[one["outcome"]].append(one)
    catalogue = {check["id"]: check for check in results["catalogue"]}
    names = names_of(outcomes)
    return {
        "blocked": groups(by_word["blocked"], catalogue),
        "blocked_count": len(by_word["blocked"]),
        "warnings": groups(by_word["warning"], catalogue),
        "warning_count": len(by_word["warning"]),
        "waived": by_word["waived"],
        "told": [one for one in by_word["info"] if one["message"]],
        "word_of": [one for one in outcomes if one["evidence"].get("attestation")],
        "catalogue": catalogue,
        "most_rows": CARDS,
        "unknown": [
            {**cause, "rows": by_object(cause["outcomes"], names)}
            for cause in causes(by_word["not-verified"])
        ],
        "unknown_count": len(by_word["not-verified"]),
        "checks": [
            {**check, "rows": rows(check["outcomes"], names) if check["outcomes"] else ""}
            for check in checks(results, catalogue)
        ],
        "objects": objects(outcomes, names),
        "cut": names.passed < WHOLE,
        "left_out": not names.passed,
    }


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        name=lambda text: one_line(text, NAME_LIMIT),
        utc=_utc,
        line=one_line,
        commands=_commands,
        prose=_prose,
        open=lambda command: first_gap(command) >= 0,
        altered=lambda command: command != one_line(command, TEXT_LIMIT),
        evidence=_evidence,
        gist=gist,
        message=_message,
        field=lambda waiver, key: str(waiver.get(key) or ""),
        person=_person,
    )
    return environment


def shown(value: object) -> object:
    """The first gate: everything that the template prints comes through here."""
    if isinstance(value, Markup | int):
        return value
    return one_line(str(value), TEXT_LIMIT)


def _commands(text: str) -> Markup:
    """Plain text in which `backticks` mark commands; markup in it stays text."""
    parts = visible(text, keep="\n").split("`")
    if len(parts) % 2 == 0:  # one backtick without its partner is a character like any other
        parts[-2:] = [f"{parts[-2]}`{parts[-1]}"]
    return Markup().join(
        _code(part) if index % 2 else escape(part) for index, part in enumerate(parts)
    )


def _prose(remedy: str, commands: Sequence[str]) -> str:
    """A remedy without the lines that are nothing but a command, which is shown by itself."""
    lines = (line for line in remedy.splitlines() if line.strip().strip("`") not in commands)
    return "\n".join(lines).strip()


def _code(command: str) -> Markup:
    """A command; one without blanks, such as an option, is kept on one line."""
    if len(command) < 40 and " " not in command:
        return Markup('<code class="word">{}</code>').format(command)
    return Markup("<code>{}</code>").format(command)


def _sentence(verdict: Verdict) -> str:
    """The sentence below its own headline."""
    rest = verdict.sentence.removeprefix(verdict.word).lstrip(": ")
    return rest[:1].upper() + rest[1:]


def _ledger_word(ledger: Mapping[str, Json]) -> str:
    if not ledger["adds_up"]:
        return "The ledger does not add up: this run proves nothing."
    if ledger["missing"] or not ledger["planned"]:
        return "It adds up, but the run is not complete."
    return "Every planned judgement has its outcome."


def _message(outcome: Mapping[str, Json]) -> str:
    """The message below the name of its object."""
    object_ = outcome["object"]
    tail = without_object(outcome["message"], object_["class"], object_["name"])
    return one_line(tail) or "failed, without a message"


def _evidence(evidence: Mapping[str, Json]) -> list[tuple[str, Json]]:
    return [(key, _value(value)) for key, value in evidence.items()]


def _value(value: Json) -> Json:
    """A value for people: words stay words, flat lists become a line, the rest is shown as JSON."""
    if value is None or isinstance(value, bool | int | float):
        return str(value) if isinstance(value, float) else json.dumps(value)
    if isinstance(value, str):
        return value or "(empty)"
    items = list(value.values()) if isinstance(value, Mapping) else list(value)
    if not items:
        return "(none)"
    if all(item is None or isinstance(item, str | int | float) for item in items):
        named = value.items() if isinstance(value, Mapping) else ()
        return ", ".join(f"{key}: {item}" for key, item in named) or ", ".join(map(str, items))
    text = visible(json.dumps(value, indent=1, ensure_ascii=False, default=str), keep="\n")
    return Markup("<pre>{}</pre>").format(text)


def _person(waiver: Mapping[str, Json]) -> str:
    owner, approver = waiver.get("owner") or "nobody named", waiver.get("approver")
    return f"{owner}, approved by {approver}" if approver else str(owner)


def _utc(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return text


def _pairs(record: Mapping[str, Json], left_out: Sequence[str]) -> str:
    """Flat values of a record in one line."""
    return ", ".join(
        f"{key}: {value}"
        for key, value in record.items()
        if key not in left_out and value not in (None, "") and not isinstance(value, Mapping | list)
    )
