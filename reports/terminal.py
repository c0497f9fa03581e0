"""What a person reads on the terminal after a run: the verdict, then what needs their time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reports.ledger import Ledger
from reports.outcome import Outcome, count_objects, outcome_order, without_object
from reports.text import NAME_LIMIT, for_terminal, wrap
from reports.verdict import Verdict

ENTRIES: Final = 40
_AT_LEAST: Final = 10
_SAME: Final = 4
_NAMES: Final = 3
_MESSAGE_LINES: Final = 6
_REMEDY_LINES: Final = 4
_LONG: Final = 24
_INDENT: Final = "      "
# A remedy with lines of a file: of no use unless they are whole.
_TO_PASTE: Final = "[[attestation]]"

_STYLES: Final = {
    "strong": "1",
    "faint": "2",
    "pass": "32",
    "blocked": "31",
    "warning": "33",
    "not-verified": "35",
    "command": "36",
}
_SYMBOLS: Final = {
    "pass": "✓",
    "blocked": "✗",
    "warning": "!",
    "not-verified": "?",
    "waived": "~",
    "info": "i",
}
_PLAIN_SYMBOLS: Final = {"✓": "+", "✗": "x", "…": "."}
_VERDICT_STYLES: Final = {
    "READY": "pass",
    "READY WITH CONDITIONS": "warning",
    "BLOCKED": "blocked",
    "NOT VERIFIED": "not-verified",
    "INCOMPLETE": "not-verified",
}


@dataclass(frozen=True, slots=True)
class _Screen:
    """How lines are made: nothing that others wrote reaches the terminal but through here."""

    colour: bool
    width: int
    verbose: bool
    encoding: str

    def safe(self, text: str, limit: int | None = None) -> str:
        """Somebody's text, harmless."""
        return for_terminal(text, limit, self.encoding)

    def paint(self, text: str, *styles: str) -> str:
        """Text that is already safe, in colour if the screen has it."""
        if not self.colour:
            return text
        return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m"

    def symbol(self, word: str) -> str:
        """The sign of an outcome, in its colour."""
        sign = _SYMBOLS[word]
        try:
            sign.encode(self.encoding)
        except UnicodeEncodeError:
            sign = _PLAIN_SYMBOLS[sign]
        return self.paint(sign, word, "strong") if word in _STYLES else sign

    def entry(self, word: str, label: str, text: str, column: int) -> list[str]:
        """`  ✗ LABEL  text`, the text wrapped under itself."""
        # What blocks is never cut short: its end says what to do about it.
        keep = None if self.verbose or word == "blocked" else _MESSAGE_LINES
        lines = wrap(self.safe(text), self.width - column - 6, keep)
        lines = [self.safe(line) for line in lines]
        label = self.safe(label, NAME_LIMIT)
        gap = " " * (column - len(label) + 2)
        first = f"  {self.symbol(word)} {self.paint(label, 'strong')}{gap}{lines[0]}"
        return [first, *(" " * (column + 6) + line for line in lines[1:])]

    def arrow(self, remedy: str) -> list[str]:
        """A remedy, line by line, behind `->`; not wrapped, so that its commands can be copied."""
        lines = [self.safe(line.strip()) for line in remedy.splitlines() if line.strip()]
        shown = [
            self.paint(f"{_INDENT}{'   ' if index else '-> '}{line}", "command")
            for index, line in enumerate(lines)
        ]
        if not self.verbose and len(shown) > _REMEDY_LINES and _TO_PASTE not in remedy:
            rest = len(shown) - _REMEDY_LINES
            shown = [
                *shown[:_REMEDY_LINES],
                f"{_INDENT}   ... and {rest} more lines, in the report",
            ]
        return shown


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is shown in one place: check or cause, lines, how many findings they stand for."""

    group: str
    lines: tuple[str, ...]
    findings: int = 1


def findings_lines(
    outcomes: Sequence[Outcome],
    verdict: Verdict,
    ledger: Ledger,
    notes: Sequence[str],
    report_path: str,
    *,
    subject: str = "",
    since: Sequence[str] = (),
    colour: bool = False,
    width: int = 100,
    verbose: bool = False,
    encoding: str = "utf-8",
) -> list[str]:
    """The lines printed at the end of a run, without newlines.

    Args:
        outcomes: all outcomes, in any order.
        verdict: printed first, and again at the end of a long list.
        ledger: printed as one sum.
        notes: said loudly, right below the verdict.
        report_path: where the report is; empty if none was written.
        subject: what was audited and for what, printed above the verdict.
        since: gate and comparison with an earlier run; lines that begin with a blank go on.
        colour: use ANSI colours (the caller knows about terminals and NO_COLOR).
        width: columns of the terminal.
        verbose: show every finding, whole messages, and the remedies of warnings.
        encoding: of the stream; what it cannot carry is escaped.
    """
    screen = _Screen(colour, max(width, 40), verbose, encoding)
    ordered = sorted(outcomes, key=outcome_order)
    column = max((len(one.check) for one in ordered if one.outcome != "pass"), default=0)
    column = min(max(column, len("99 checks")), 20)

    blocked = [one for one in ordered if one.outcome == "blocked"]
    warnings = [one for one in ordered if one.outcome == "warning"]
    unknown = [one for one in ordered if one.outcome == "not-verified"]
    sections = [
        (f"Blockers ({len(blocked)})", _blocker_entries(blocked, screen, column)),
        (_unknown_title(unknown), _unknown_entries(unknown, screen, column)),
        (f"Warnings ({len(warnings)})", _warning_entries(warnings, screen, column)),
    ]
    lines = [screen.paint(screen.safe(subject), "faint")] if subject else []
    lines.append(_verdict_line(verdict, screen))
    for note in notes:
        # The lines of a note may be there to be copied, so each stays a line of its own.
        first, *more = note.splitlines() or [""]
        lines.append(screen.paint(f"! {screen.safe(first)}", "warning", "strong"))
        lines += [f"  {screen.safe(line)}" for line in more]
    lines += _since_lines(since, screen)
    for (title, entries), room in zip(sections, _rooms(sections, verbose=verbose), strict=True):
        lines += _section(title, entries, room, screen)
    told = [one for one in ordered if one.outcome == "info" and one.message]
    lines += _tally_lines("waived", [one for one in ordered if one.outcome == "waived"], screen)
    lines += _tally_lines("info", told, screen)
    lines += ["", f"Ledger: {ledger.sentence()}"]
    lines += [f"Ledger: {screen.safe(problem)}" for problem in ledger.problems[:_AT_LEAST]]
    if len(lines) > _LONG:
        lines.append(_verdict_line(verdict, screen))
        lines += [screen.safe(line) for line in since[:1] if line.startswith("Gate")]
    if report_path:
        lines.append(f"Report: {screen.safe(report_path)}")
    return lines


def _since_lines(since: Sequence[str], screen: _Screen) -> list[str]:
    lines = []
    for text in since:
        indent = "    " if text.startswith(" ") else ""
        keep = None if screen.verbose else _MESSAGE_LINES
        parts = wrap(screen.safe(text.strip()), screen.width - 6, keep)
        styles = () if indent else ("strong",)
        lines += [] if indent else [""]
        lines += [f"{indent}{screen.paint(screen.safe(parts[0]), *styles)}"]
        lines += [f"{indent}  {screen.safe(part)}" for part in parts[1:]]
    return lines


def _verdict_line(verdict: Verdict, screen: _Screen) -> str:
    head, rest = verdict.word, verdict.sentence.removeprefix(verdict.word)
    return screen.paint(head, _VERDICT_STYLES[head], "strong") + screen.safe(rest)


def _rooms(sections: Sequence[tuple[str, Sequence[_Entry]]], *, verbose: bool) -> list[int]:
    """How many entries each section may show; no section pushes a later one out altogether."""
    sizes = [len(entries) for _, entries in sections]
    if verbose:
        return sizes
    rooms = []
    left = ENTRIES
    for index, size in enumerate(sizes):
        kept_back = sum(min(later, _AT_LEAST) for later in sizes[index + 1 :])
        rooms.append(min(size, left - kept_back))
        left -= rooms[-1]
    return rooms


def _section(title: str, entries: Sequence[_Entry], room: int, screen: _Screen) -> list[str]:
    if not entries:
        return []
    total = sum(entry.findings for entry in entries)
    lines = ["", screen.paint(title, "strong")]
    shown = _fair(entries, room)
    for index, entry in enumerate(entries):
        if index in shown:
            lines += entry.lines
    rest = total - sum(entries[index].findings for index in shown)
    if rest:
        lines.append(f"  ... and {rest} more: in the report, or with -v")
    return lines


def _fair(entries: Sequence[_Entry], room: int) -> set[int]:
    """Indexes of the entries shown: one per group in turn, so that no check hides another."""
    if len(entries) <= room:
        return set(range(len(entries)))
    seen: Counter[str] = Counter()
    turns = []
    for index, entry in enumerate(entries):
        turns.append((seen[entry.group], index))
        seen[entry.group] += 1
    return {index for _, index in sorted(turns)[:room]}


def _blocker_entries(blocked: Sequence[Outcome], screen: _Screen, column: int) -> list[_Entry]:
    entries = []
    for outcome in blocked:
        lines = screen.entry("blocked", outcome.check, _statement(outcome), column)
        lines += screen.arrow(outcome.remedy)
        entries.append(_Entry(outcome.check, tuple(lines)))
    return entries


def _unknown_title(unknown: Sequence[Outcome]) -> str:
    blockers = sum(one.severity == "blocker" for one in unknown)
    return f"Could not be verified ({len(unknown)}, of which {blockers} may block)"


def _unknown_entries(unknown: Sequence[Outcome], screen: _Screen, column: int) -> list[_Entry]:
    """One entry per cause, those that forbid READY first, then those with most findings."""
    causes: dict[str, list[Outcome]] = {}
    for outcome in unknown:
        causes.setdefault(outcome.cause, []).append(outcome)
    groups = sorted(
        causes.items(),
        key=lambda group: (
            all(one.severity != "blocker" for one in group[1]),
            -len(group[1]),
            group[0],
        ),
    )
    entries = []
    for cause, group in groups:
        checks = sorted({one.check for one in group})
        label = checks[0] if len(checks) == 1 else f"{len(checks)} checks"
        only = group[0].object
        alone = all(one.object == only for one in group)
        tail = without_object(cause, only.class_, only.name) if alone else cause
        lines = screen.entry("not-verified", label, f"{_where(group)}: {tail}", column)
        if len(checks) > 1:
            keep = None if screen.verbose else 1
            listed = wrap(screen.safe(", ".join(checks)), screen.width - column - 6, keep)
            lines += [
                " " * (column + 6) + screen.paint(screen.safe(line), "faint") for line in listed
            ]
        if screen.verbose or _TO_PASTE in group[0].remedy:
            lines += screen.arrow(group[0].remedy)
        entries.append(_Entry(cause, tuple(lines), len(group)))
    return entries


def _warning_entries(warnings: Sequence[Outcome], screen: _Screen, column: int) -> list[_Entry]:
    """One entry per warning; those that say the same of many objects become one line."""
    alike: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in warnings:
        alike.setdefault((outcome.check, _without_object(outcome)), []).append(outcome)
    entries = []
    for (check, tail), group in alike.items():
        remedy = screen.arrow(group[0].remedy) if screen.verbose else []
        if len(group) < _SAME or screen.verbose:
            for outcome in group:
                lines = screen.entry("warning", check, _statement(outcome), column)
                entries.append(_Entry(check, (*lines, *remedy)))
            continue
        names = ", ".join(screen.safe(one.object.name, 40) for one in group[:_NAMES])
        text = f"{_where(group)}: {tail} ({names} and {len(group) - _NAMES} more)"
        lines = screen.entry("warning", check, text, column)
        entries.append(_Entry(check, tuple(lines), len(group)))
    return entries


def _tally_lines(word: str, found: Sequence[Outcome], screen: _Screen) -> list[str]:
    """What nobody has to act on now, by check, in one line."""
    if not found:
        return []
    checks = Counter(one.check for one in found)
    listed = ", ".join(
        f"{check} ({number})" if number > 1 else check for check, number in checks.items()
    )
    ends = sorted(str(_waiver(one).get("until")) for one in found if _waiver(one).get("until"))
    first = f"; the first waiver ends {ends[0]}" if ends else ""
    text = f"{len(found)} {'for the record' if word == 'info' else word}: {listed}{first}"
    lines = wrap(screen.safe(text), screen.width - 4, None if screen.verbose else _MESSAGE_LINES)
    indent = [screen.symbol(word), *[" "] * (len(lines) - 1)]
    return [
        "",
        *(f"  {sign} {screen.safe(line)}" for sign, line in zip(indent, lines, strict=True)),
    ]


def _waiver(outcome: Outcome) -> Mapping[str, object]:
    return outcome.waiver or {}


def _where(group: Sequence[Outcome]) -> str:
    """The object by name if there is one, else how many of which."""
    objects = {one.object for one in group}
    if len(objects) > 1:
        return count_objects(objects)
    (only,) = objects
    return f"{only.class_} {only.name[:NAME_LIMIT]}"


def _statement(outcome: Outcome) -> str:
    """The message, with its object in front if it does not begin with it anyway."""
    object_ = outcome.object
    return f"{object_.class_} {object_.name[:NAME_LIMIT]}: {_without_object(outcome)}"


def _without_object(outcome: Outcome) -> str:
    tail = without_object(outcome.message, outcome.object.class_, outcome.object.name)
    return tail or "failed, without a message"
