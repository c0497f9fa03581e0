"""The commands of findings: what mends them, what that costs, and what looks at each of them again.

Nothing here is ever run by the suite: `remedies.sh` does nothing until a person takes a `#` away.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from fixtures.raw import Json
from reports.outcome import OPEN, ObjectRef, without_object
from reports.text import object_id, one_line

_QUOTED: Final = re.compile(r"`([^`\n]+)`")
# What is quoted and is no command: options, files, settings, names of packages.
_COMMAND: Final = re.compile(r"(?:[a-z][a-z0-9_-]*(?: .*)|xe-[a-z-]+)", re.DOTALL)
_TO_FILL_IN: Final = re.compile(r"\.\.\.|\{\w+(?:\.\w+)?\}|(?<![\w,-])[A-Z]{3,}(?![\w,=-])")
# To look at one finding again nobody needs to sign anything.
_OF_THE_GATE: Final = ("--verify", "--allowed-signers", "--signers", "--max-age")
_LEFT_OUT: Final = ("-k", "-m", "--lf", "--ff", "-x", *_OF_THE_GATE)


def commands_of(remedy: str) -> tuple[str, ...]:
    """The commands that a remedy quotes between backticks, each once, in its order.

    One that leaves something open makes room for those that are the same with more of it filled in.
    """
    quoted = (match[1].strip() for match in _QUOTED.finditer(remedy))
    found = tuple(dict.fromkeys(one for one in quoted if _COMMAND.fullmatch(one)))
    filled = ([other for other in found if _fills_in(other, one)] or [one] for one in found)
    return tuple(dict.fromkeys(one for group in filled for one in group))


def _fills_in(command: str, open_: str) -> bool:
    """Whether a command is another one with more of what that leaves open."""
    gap = first_gap(open_)
    return gap >= 0 and command.startswith(open_[:gap]) and not 0 <= first_gap(command) <= gap


def first_gap(command: str) -> int:
    """Where a command leaves something to be filled in; -1 if it is whole.

    What stands between quotes came from the pool: it is a name, however it looks.
    """
    blanked = re.sub(r"'[^']*'", lambda match: "_" * len(match[0]), command)
    gap = _TO_FILL_IN.search(blanked)
    return gap.start() if gap else -1


def recheck(object_: ObjectRef, function: str, command: Sequence[str]) -> str:
    """The command that judges one finding again.

    Args:
        object_: what it was judged on.
        function: the check's function.
        command: the words of the run that found it.
    """
    item = f"{function}[{object_id(object_.name, object_.uuid)}]"
    return shlex.join([*_without_filters(command), "-k", item])


def _without_filters(command: Sequence[str]) -> list[str]:
    """A run's words without those that chose items of their own."""
    kept = []
    skip = False
    for word in command:
        if skip:
            skip = False
        elif word in ("-k", "-m", *_OF_THE_GATE):
            skip = True
        elif not word.startswith(_LEFT_OUT) and "::" not in word:
            kept.append(word)
    return kept


def script(results: Mapping[str, Json]) -> bytes:
    """`remedies.sh`: the commands of all open findings, every one commented out.

    They are grouped by host; what no host alone has, by pool, SR and VM.
    """
    catalogue = {check["id"]: check for check in results["catalogue"]}
    by_object: dict[tuple[str, str, str], list[Mapping[str, Json]]] = {}
    for one in results["outcomes"]:
        if one["outcome"] in OPEN and one["commands"]:
            group = one.get("host") or one["object"]
            key = (group["class"], group["name"], group["uuid"])
            by_object.setdefault(key, []).append(one)
    run = results["run"]
    pool = one_line(run["pool"]["name"])
    lines = [
        "#!/bin/sh",
        f"# Remedies for pool {pool}, audited {run['started']}: {results['verdict']}.",
        "# Nothing here runs as it stands. Read each command, remove its leading '#: ', fill in what",
        "# is left open, and run it in dom0: xe on any host of the pool, the rest on the named host.",
        "set -eu",
    ]
    order = {"host": 0, "pool": 1, "SR": 2, "VM": 3}
    for key in sorted(by_object, key=lambda key: (order[key[0]], key)):
        lines += ["", f"# ==== {key[0]} {one_line(key[1])} ({one_line(key[2])})"]
        for one in by_object[key]:
            lines += _finding_lines(one, catalogue.get(one["check"], {}))
    if not by_object:
        lines += ["", "# No open finding has a command."]
    # Once more for all of it: a word of an altered bundle must not begin a line that runs.
    return "\n".join(one_line(line, None) for line in lines).encode() + b"\n"


def _finding_lines(one: Mapping[str, Json], check: Mapping[str, Json]) -> list[str]:
    object_ = one["object"]
    what = f"{object_['class']} {object_['name']}"
    text = without_object(one["message"] or one["cause"], object_["class"], object_["name"])
    lines = ["#", f"# {one['check']} ({one['outcome']}) {one_line(what)}: {one_line(text)}"]
    if check.get("risk"):
        lines.append(f"# Risk: {one_line(check['risk'])}")
    lines.append(f"# Source: {one_line(check.get('source') or 'unknown')}")
    for command in one["commands"]:
        if command != one_line(command, None):
            lines.append(f"# not shown as it is, see the report: {one_line(command)}")
        else:
            lines.append(f"#: {command}" + ("   # <- fill in" if first_gap(command) >= 0 else ""))
    if one["recheck"]:
        lines.append(f"# look again, from the machine of the audit: {one_line(one['recheck'])}")
    return lines
