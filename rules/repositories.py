"""The package repositories that yum uses in dom0."""

import re
from collections.abc import Iterable
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from rules.disk_reading import printed

REPOSITORIES: Final = Probe(
    'grep -H -e "^ *\\[" -e "^ *enabled *[=:]" /etc/yum.conf /etc/yum.repos.d/*.repo; echo done',
    cap=262_144,
)
"""Sections and their switch; nothing else, since addresses may hold a password."""

_VENDOR = re.compile(r"(?:xcp-ng|citrix|xs|xenserver)(?![A-Za-z0-9]).*", re.IGNORECASE)
_SECTION = re.compile(r" *\[([^\]\x00-\x1f]{1,200})\]\s*(?:[#;].*)?")
_SWITCH = re.compile(r" *enabled *[=:] *([A-Za-z0-9]+)\s*(?:[#;].*)?")
_ON: Final = ("1", "yes", "true", "on")
_OFF: Final = ("0", "no", "false", "off")


def enabled_repositories(dom0: Any) -> tuple[str, ...]:
    """Ids of the repositories that are on; one that does not say is on, as yum has it.

    Raises:
        NotVerifiedError: the files were not read, or a line is not understood.
    """
    lines = printed(dom0, REPOSITORIES).splitlines()
    for complaint in dom0.run(REPOSITORIES.command).stderr.strip().splitlines():
        if not complaint.endswith("/*.repo: No such file or directory"):
            raise NotVerifiedError(f"dom0: the repositories of yum: {complaint[:200]}")
    if lines[-1:] != ["done"] or "/etc/yum.conf:[main]" not in [line.rstrip() for line in lines]:
        raise NotVerifiedError("dom0: the repositories of yum cannot be read")
    states: dict[tuple[str, str], bool] = {}
    section: tuple[str, str] | None = None
    for line in lines[:-1]:
        file, _, text = line.partition(":")
        if found := _SECTION.fullmatch(text):
            section = (file, found[1].strip())
            states.setdefault(section, True)
            continue
        switch = _SWITCH.fullmatch(text)
        word = switch[1].lower() if switch else ""
        if section is None or section[0] != file or word not in (*_ON, *_OFF):
            raise NotVerifiedError("dom0: a line of yum's repositories is not understood")
        states[section] = word in _ON
    return tuple(sorted({name for (_, name), on in states.items() if on and name != "main"}))


def foreign_repositories(enabled: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Those of enabled repositories that are neither the vendor's nor allowed."""
    known = set(allowed)
    return tuple(name for name in enabled if name not in known and not _VENDOR.fullmatch(name))
