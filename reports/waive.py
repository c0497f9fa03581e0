"""Print the entry that waives a finding: `python -m reports.waive BUNDLE FINDING`.

Nothing is written: the entry is completed and pasted into `waivers.toml` by whoever answers for it.
What is missing in it stays empty, and an incomplete entry waives nothing.
"""

import argparse
import difflib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from fixtures.operator_entries import MOST_CHARACTERS, MOST_DAYS
from fixtures.raw import Json
from fixtures.waivers import EVERY, FILE_NAME, OPTIONAL, finding_parts
from reports.results import SCHEMA_ID, finding_of
from reports.text import NAME_LIMIT, for_terminal, one_line

USUAL_DAYS: Final = 30
OPEN: Final = ("blocked", "warning")
EXIT_PRINTED: Final = 0
EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 4
_NEAREST: Final = 5
_WIDTH: Final = 200
_WHY_NOT: Final[Mapping[str, str]] = {
    "pass": "it passed: there is nothing to waive",
    "info": "it is told for the record: there is nothing to waive",
    "not-applicable": "it does not apply: there is nothing to waive",
    "not-verified": "it is not verified, and what nobody knows nobody can accept: let it be judged",
}


class CannotWaiveError(Exception):
    """There is no entry for this finding; the text says why."""


def entry(
    results: Mapping[str, Json],
    finding: str,
    *,
    day: date,
    days: int,
    texts: Mapping[str, str],
) -> list[str]:
    """Return the lines of the entry for a finding.

    Args:
        results: what `results.json` holds.
        finding: check id and object uuid, or `CHECK-ID:*`.
        day: its first day.
        days: for how many days it is to hold.
        texts: what is known already of owner, approver, reason, ticket, measure and why_all.

    Raises:
        CannotWaiveError: there is no such finding, it is not open, or its check allows no waiver.
    """
    covered = _covered(results, finding)
    for key, text in texts.items():
        if len(text) > MOST_CHARACTERS:
            raise CannotWaiveError(f"--{key} is longer than {MOST_CHARACTERS} characters")
    wide = finding.endswith(f":{EVERY}")
    needed = ("owner", "approver", "reason", "ticket", *(["why_all"] if wide else []))
    if texts.get("why_all") and not wide:
        raise CannotWaiveError(f"--why-all is for a finding that ends in :{EVERY}")
    lines = [f"# {_about(one)}" for one in covered[:_NEAREST]]
    if len(covered) > _NEAREST:
        lines.append(f"# ... and {len(covered) - _NEAREST} more")
    lines += ["[[waiver]]", f"finding = {quoted(finding)}"]
    lines += [f"{key} = {quoted(texts.get(key, ''))}" for key in needed]
    lines += [
        f"{key} = {quoted(texts[key])}" for key in OPTIONAL if key == "measure" and texts.get(key)
    ]
    return [*lines, f"from = {day}", f"until = {day + timedelta(days=days)}"]


def quoted(text: str) -> str:
    """A basic string of TOML, of ASCII alone; half a character is shown as an escape."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return '"' + re.sub(r"[^ !#-\[\]-~]", lambda match: _escape(match[0]), whole) + '"'


def most_days(bundle: Path) -> int:
    """For how many days a waiver may hold, by the settings of the run; the usual if they do not say."""
    try:
        settings = json.loads((bundle / "facts" / "inputs" / "settings.json").read_bytes())
        stated = settings["waiver_days"]["value"]
    except (OSError, ValueError, KeyError, TypeError):
        return MOST_DAYS
    return stated if type(stated) is int else MOST_DAYS


def main(words: Sequence[str] | None = None) -> int:
    """The command line.

    Returns:
        0 printed; 1 refused, the reason on stderr; 4 asked for in a way that makes no sense.
    """
    try:
        asked = _parser().parse_args(words)
    except SystemExit as end:
        return EXIT_USAGE if end.code else EXIT_PRINTED
    try:
        results = json.loads((asked.bundle / "results.json").read_bytes())
        if not isinstance(results, dict) or results.get("schema") != SCHEMA_ID:
            raise ValueError("its results.json has another form")
        allowed = most_days(asked.bundle)
        days = min(USUAL_DAYS, allowed) if asked.days is None else asked.days
        if not 0 <= days <= allowed:
            raise CannotWaiveError(f"--days={days}: waiver_days allows {allowed}")
        keys = ("owner", "approver", "reason", "ticket", "measure", "why_all")
        texts = {key: getattr(asked, key).strip() for key in keys}
        today = datetime.now(UTC).date()
        lines = entry(results, asked.finding, day=today, days=days, texts=texts)
    except CannotWaiveError as refused:
        sys.stderr.writelines(
            f"{for_terminal(line)}\n" for line in f"ERROR: {refused}".splitlines()
        )
        return EXIT_REFUSED
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"ERROR: {for_terminal(f'{asked.bundle}: {error}')}\n")
        return EXIT_REFUSED
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.writelines(f"{for_terminal(line, None, encoding)}\n" for line in lines)
    sys.stderr.write(f"complete it and add it to {FILE_NAME}; the next run is judged by it\n")
    return EXIT_PRINTED


def _covered(results: Mapping[str, Json], finding: str) -> list[Mapping[str, Json]]:
    """The outcomes that an entry would waive, at least one."""
    parts = finding_parts(finding)
    if parts is None:
        raise CannotWaiveError(
            f"{one_line(finding, NAME_LIMIT)} is no finding: it is a check id and an object uuid, like"
            f" HOST-BLOBS-01:uuid, or HOST-BLOBS-01:{EVERY}; nothing waives several checks"
        )
    info = next((one for one in results["catalogue"] if one["id"] == parts[0]), None)
    if info is None:
        raise CannotWaiveError(f"no check is called {parts[0]}{_check_hint(results, parts[0])}")
    if not info.get("waivable", True):
        raise CannotWaiveError(f"{parts[0]} allows no waiver: what it finds has to be put right")
    of_check = [one for one in results["outcomes"] if one["check"] == parts[0]]
    open_ones = [one for one in of_check if one["outcome"] in (*OPEN, "waived")]
    if parts[1] == EVERY:
        if not open_ones:
            raise CannotWaiveError(f"{parts[0]} found nothing to waive")
        return open_ones
    found = [one for one in of_check if finding_of(one) == finding]
    if not found:
        raise CannotWaiveError(f"{parts[0]} has no such object{_near(open_ones, parts[1])}")
    if why := _WHY_NOT.get(found[0]["outcome"]):
        cause = found[0]["cause"]
        raise CannotWaiveError(f"{finding}: {why}{f' ({one_line(cause)})' if cause else ''}")
    return found


def _check_hint(results: Mapping[str, Json], name: str) -> str:
    ids = [one["id"] for one in results["catalogue"]]
    near = difflib.get_close_matches(name, ids, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _near(open_ones: Sequence[Mapping[str, Json]], named: str) -> str:
    """The open findings of a check whose uuid or name is most like what was asked for."""

    def likeness(one: Mapping[str, Json]) -> float:
        texts = (one["object"]["uuid"], one["object"]["name"][:NAME_LIMIT])
        return max(
            difflib.SequenceMatcher(None, named.casefold(), text.casefold()).ratio()
            for text in texts
        )

    nearest = sorted(open_ones, key=likeness, reverse=True)[:_NEAREST]
    if not nearest:
        return ", and nothing to waive"
    lines = [f"  {finding_of(one)}  {_name(one)}" for one in map(_shown, nearest)]
    return "\n".join(["; its findings nearest to that are", *lines])


def _shown(one: Mapping[str, Json]) -> Mapping[str, Json]:
    """The same outcome with an object whose uuid and name are each of one line."""
    parts = {key: one_line(text, NAME_LIMIT) for key, text in one["object"].items()}
    return {**one, "object": parts}


def _name(one: Mapping[str, Json]) -> str:
    return f"{one['object']['class']} {one_line(one['object']['name'], NAME_LIMIT)}"


def _about(one: Mapping[str, Json]) -> str:
    """What an entry accepts, as a comment: a line that ends where it should."""
    word = one["outcome"]
    if word == "waived":
        word = f"{one['waiver']['original']}, waived until {one['waiver'].get('until')}"
    return for_terminal(f"{word}: {one['message']}", _WIDTH)


def _escape(char: str) -> str:
    code = ord(char)
    if char in '"\\':
        return f"\\{char}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports.waive", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument(
        "finding", help="as the report prints it, or CHECK-ID:* for all its objects"
    )
    parser.add_argument("--days", type=int, metavar="N", help="from today on (default: 30)")
    parser.add_argument("--owner", default="", help="who answers for it")
    parser.add_argument("--approver", default="", help="who agreed")
    parser.add_argument("--reason", default="", help="why it is acceptable")
    parser.add_argument("--ticket", default="", help="where it is tracked")
    parser.add_argument("--measure", default="", help="what is done instead")
    parser.add_argument("--why-all", default="", help="with :*, why for every object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
