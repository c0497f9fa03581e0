"""The commands of findings: what mends them, what that costs, and what looks at each of them again.

Nothing here is ever run by the suite: `remedies.sh` does nothing until a person takes a `#` away.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from fixtures.raw import Json
from reports.outcome import ObjectRef
from reports.text import object_id, one_line

OPEN: Final = ("blocked", "warning", "not-verified", "waived")
"""Outcomes that somebody may want to clear."""

_QUOTED: Final = re.compile(r"`([^`\n]+)`")
# What is quoted and is no command: options, files, settings, names of packages.
_COMMAND: Final = re.compile(r"(?:[a-z][a-z0-9_-]*(?: .*)|xe-[a-z-]+)", re.DOTALL)
_TO_FILL_IN: Final = re.compile(r"\.\.\.|\{\w+(?:\.\w+)?\}|(?<![\w-])[A-Z]{3,}(?![\w-])")
_LEFT_OUT: Final = ("-k", "-m", "--lf", "--ff", "-x")


def commands_of(remedy: str) -> tuple[str, ...]:
    """The commands that a remedy quotes between backticks, each once, in its order."""
    found = (match[1].strip() for match in _QUOTED.finditer(remedy))
    return tuple(dict.fromkeys(one for one in found if _COMMAND.fullmatch(one)))


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
        elif word in ("-k", "-m"):
            skip = True
        elif not word.startswith(_LEFT_OUT) and "::" not in word:
            kept.append(word)
    return kept


def script(results: Mapping[str, Json]) -> bytes:
    """`remedies.sh`: the commands of all open findings, by object, every one commented out."""
    catalogue = {check["id"]: check for check in results["catalogue"]}
    by_object: dict[tuple[str, str, str], list[Mapping[str, Json]]] = {}
    for one in results["outcomes"]:
        if one["outcome"] in OPEN and one["commands"]:
            object_ = one["object"]
            key = (object_["class"], object_["name"], object_["uuid"])
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
    return "\n".join(lines).encode() + b"\n"


def _finding_lines(one: Mapping[str, Json], check: Mapping[str, Json]) -> list[str]:
    text = one["message"] or one["cause"]
    lines = ["#", f"# {one['check']} ({one['outcome']}): {one_line(text)}"]
    if check.get("risk"):
        lines.append(f"# Risk: {one_line(check['risk'])}")
    lines.append(f"# Source: {one_line(check.get('source') or 'unknown')}")
    for command in one["commands"]:
        open_ = _TO_FILL_IN.search(re.sub(r"'[^']*'", "", command))
        if command != one_line(command, None):
            lines.append(f"# not shown as it is, see the report: {one_line(command)}")
        else:
            lines.append(f"#: {command}" + ("   # <- fill in" if open_ else ""))
    if one["recheck"]:
        lines.append(f"# look again, from the machine of the audit: {one_line(one['recheck'])}")
    return lines
