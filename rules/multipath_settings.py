"""Settings of multipath in a dom0: the platform's own file, and what administrators add."""

import re
from collections.abc import Mapping
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe

OWN_FILE: Final = "/etc/multipath.conf"
FOLDER: Final = "/etc/multipath/conf.d"
SETTINGS: Final = Probe(
    f"grep -H -v -E '^[[:space:]]*([#!]|$)' {OWN_FILE} {FOLDER}/*.conf; echo done", deadline=20
)
"""The lines that set something, each behind its file, then the end."""

_MOST: Final = 5000
_LINE = re.compile(rf"({re.escape(OWN_FILE)}|{re.escape(FOLDER)}/[^:]{{1,200}}\.conf):(.*)")
# The storage manager itself notes LUNs here, other ones on every host.
_OF_LUNS = re.compile(r"wwid\b")

Settings = Mapping[str, tuple[str, ...]]
"""Path of a file -> its lines that set something, without those that name LUNs."""


def multipath_settings(dom0: Any) -> Settings:
    """What is set in which file; files that set nothing are left out.

    Raises:
        NotVerifiedError: the files were not read in full.
    """
    answer = dom0.run(SETTINGS.command)
    lines = answer.stdout.splitlines()
    for complaint in answer.stderr.strip().splitlines():
        if not complaint.endswith("No such file or directory"):
            raise NotVerifiedError(f"dom0: settings of multipath: {complaint[:200]}")
    found = [_LINE.fullmatch(line) for line in lines[:-1]]
    if answer.rc != 0 or lines[-1:] != ["done"] or len(found) > _MOST or not all(found):
        raise NotVerifiedError("dom0: the settings of multipath cannot be read")
    if not any(match and match[1] == OWN_FILE for match in found) and not _is_missing(
        answer.stderr
    ):
        raise NotVerifiedError(f"dom0: {OWN_FILE} sets nothing")
    settings: dict[str, tuple[str, ...]] = {}
    for match in found:
        line = " ".join(match[2].split()) if match else ""
        if match and not _OF_LUNS.match(line):
            settings[match[1]] = (*settings.get(match[1], ()), line)
    return settings


def added_settings(settings: Settings) -> tuple[str, ...]:
    """Files of administrators that set something."""
    return tuple(sorted(path for path in settings if path != OWN_FILE))


def setting_differences(own: Settings, wanted: Settings) -> tuple[str, ...]:
    """Files that are not as on the coordinator, each with the first line that differs."""
    return tuple(
        f"{path} ({_first_difference(own.get(path, ()), wanted.get(path, ()))})"
        for path in sorted({*own, *wanted})
        if own.get(path) != wanted.get(path)
    )


def _is_missing(said: str) -> bool:
    return any(line.split(": ")[1:2] == [OWN_FILE] for line in said.splitlines())


def _first_difference(own: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    for mine, theirs in zip(own, wanted, strict=False):
        if mine != theirs:
            return f"{mine[:60]} instead of {theirs[:60]}"
    more = len(own) - len(wanted)
    return f"{abs(more)} {'lines' if abs(more) > 1 else 'line'} {'more' if more > 0 else 'less'}"
