"""The page that says which fault proves what: `python -m reports.traceability`.

A generator for `docs/`, as `reports.release_table` is; no audit imports it, or the simulator.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from simpool.faults import attested, faults
from simpool.faults.fault import Fault
from simpool.stories import Told, open_reasons, stories

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "traceability.md"

CHECKED: Final = "told by a check"
ATTESTED: Final = "told by an attestation"
SAME: Final = "the same as others that are told"
NOT_OURS: Final = "not ours, with the reason"
STILL_OPEN: Final = "OPEN"
STANDINGS: Final = (CHECKED, ATTESTED, SAME, NOT_OURS, STILL_OPEN)

_TITLES: Final = {
    "failure-stories": "Upgrades that went wrong",
    "field-report": "From the Field, XenServer 7.X Pool Upgrades, part 1",
    "installer": "What the installer tests and refuses",
    "xapi": "What xapi restricts, and what of it breaks a rolling upgrade",
    "xen-orchestra": "Gates and warnings of Xen Orchestra",
    "xencenter": "Checks of XenCenter, and xapi's reasons against an evacuation",
}

_INTRO: Final = """\
# What is seen beforehand, and the proof

Generated from `simpool/stories/*.toml` and `simpool/faults/*.py` by `python -m reports.traceability
--write`; do not edit.

Every row names something that has gone wrong with an upgrade, or that another tool tests before
one. It is told by a *fault*: a small change to a simulated pool that the self-tests make, and after
which the named check must give exactly the outcome shown. The *mark* says how we know of it.
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """One row: what is to be told, where it stands, and the faults that tell it."""

    told: Told
    standing: str
    faults: tuple[Fault, ...] = ()


def traces() -> Mapping[str, tuple[Trace, ...]]:
    """Where everything stands: source -> rows."""
    return judge(stories(), [fault for of_check in faults().values() for fault in of_check])


def judge(
    listed: Mapping[str, tuple[Told, ...]], played: Iterable[Fault]
) -> Mapping[str, tuple[Trace, ...]]:
    """Match what is to be told with the faults that tell it.

    Args:
        listed: source -> what is to be told.
        played: all faults.

    Returns:
        Source -> rows, in the order of the lists.
    """
    telling: dict[str, tuple[Fault, ...]] = {}
    for fault in played:
        for one in dict.fromkeys(fault.tells):
            telling[one] = (*telling.get(one, ()), fault)
    known = {told.id: told for lists in listed.values() for told in lists}
    return {
        source: tuple(
            Trace(told, _standing(told, known, telling), telling.get(told.id, ())) for told in lists
        )
        for source, lists in listed.items()
    }


def is_attestation(fault: Fault) -> bool:
    """Whether a person's answer is what the fault changes."""
    return _function(fault).__module__ == attested.__name__


def _function(fault: Fault) -> Callable[..., None]:
    change: Callable[..., None] = fault.change
    while isinstance(change, partial):
        change = change.func
    return change


def _standing(told: Told, known: Mapping[str, Told], telling: Mapping[str, Sequence[Fault]]) -> str:
    if found := telling.get(told.id):
        return ATTESTED if all(is_attestation(fault) for fault in found) else CHECKED
    if told.not_ours:
        return NOT_OURS
    others = {_standing(known[one], known, telling) for one in told.same_as}
    return SAME if others and STILL_OPEN not in others else STILL_OPEN


def page(found: Mapping[str, tuple[Trace, ...]], reasons: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        found: what `traces` returned.
        reasons: id -> why nothing tells it yet.

    Returns:
        Markdown, the same for the same faults and lists.
    """
    sections = (
        _INTRO,
        "## Open\n\n" + _open(found, reasons),
        "## Counts\n\n" + _counts(found),
        *(f"## {_TITLES[source]}\n\n{_source(rows)}" for source, rows in found.items()),
    )
    return "\n".join(section.rstrip() + "\n" for section in sections)


def _open(found: Mapping[str, tuple[Trace, ...]], reasons: Mapping[str, str]) -> str:
    rows = [
        (one.told.id, one.told.says, one.told.mark, reasons.get(one.told.id, "no reason given"))
        for rows in found.values()
        for one in rows
        if one.standing == STILL_OPEN
    ]
    if not rows:
        return "Nothing.\n"
    return "Not told by any fault: **a green audit says nothing of these**.\n\n" + _table(
        ("id", "what", "mark", "why open"), rows
    )


def _counts(found: Mapping[str, tuple[Trace, ...]]) -> str:
    def count(rows: Iterable[Trace]) -> list[str]:
        stands = [one.standing for one in rows]
        return [*(str(stands.count(standing)) for standing in STANDINGS), str(len(stands))]

    rows = [(_TITLES[source], *count(of_source)) for source, of_source in found.items()]
    whole = ("all", *count(one for of_source in found.values() for one in of_source))
    return _table(("source", *STANDINGS, "listed"), [*rows, whole])


def _source(rows: Iterable[Trace]) -> str:
    cells = [
        (
            one.told.id,
            one.told.says,
            one.told.mark,
            _each(one, lambda fault: f"[{fault.check}](catalogue.md#{fault.check.lower()})")
            or _without(one),
            _each(one, _change),
            _each(one, _outcome),
        )
        for one in rows
    ]
    return _table(("id", "what", "mark", "check", "fault", "outcome proven"), cells)


def _each(one: Trace, text: Callable[[Fault], str]) -> str:
    return "<br>".join(text(fault) for fault in one.faults)


def _without(one: Trace) -> str:
    if one.told.not_ours:
        return f"not ours: {one.told.not_ours}"
    if one.standing == STILL_OPEN:
        return "**OPEN**"
    return "same as " + ", ".join(one.told.same_as)


def _change(fault: Fault) -> str:
    change = _function(fault)
    name = change.__qualname__.split(".")[0]
    return f"`{name}` in `{change.__module__.replace('.', '/')}.py`"


def _outcome(fault: Fault) -> str:
    intended = [f"{key} {value}" for key, value in fault.settings.items()]
    if fault.pool != "default":
        intended.insert(0, f"pool {fault.pool}")
    return fault.outcome + (f" ({', '.join(intended)})" if intended else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page, or write it with `--write`.

    Args:
        arguments: of the command line; those of the process if None.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description="Show which fault proves what.")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} in docs/")
    text = page(traces(), open_reasons())
    if parser.parse_args(arguments).write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
