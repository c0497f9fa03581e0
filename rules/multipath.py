"""Paths to LUNs as the storage manager counts them in the PBDs, and the multipath setting of hosts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PBD, SR, Host

LEAST: Final = 2
"""One path alone is no multipath."""

_COUNT = re.compile(r"\[ *([0-9]{1,5}) *, *([0-9]{1,5}) *(?:, *[0-9]{1,5} *)?\]")
_PREFIX = "mpath-"
_SETTING = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one host to one LUN: how many live, and the most that there ever were."""

    host: str
    lun: str
    live: int
    total: int


def paths_of(sr: SR) -> tuple[Paths, ...]:
    """The path counts of all hosts to an SR that is reached over several paths.

    A host that is attached without them, where others have them, counts with a single path.

    Raises:
        NotVerifiedError: a connection says that it has several paths and counts none, or what it
            counts cannot be read.
    """
    attached = {pbd: is_multipathed(pbd) for pbd in sr.pbds if pbd.currently_attached}
    if True not in attached.values():
        return ()
    found: list[Paths] = []
    for pbd, several in attached.items():
        host = sr.facts.get(Host, pbd.host).title
        counts = {key: text for key, text in pbd.other_config.items() if key.startswith(_PREFIX)}
        if not several:
            counts = {f"{_PREFIX}any LUN": "[1, 1]"}
        elif not counts:
            raise NotVerifiedError(f"multipath is on at host {host}, but no paths were counted")
        found += [read_count(host, key, text) for key, text in sorted(counts.items())]
    return tuple(sorted(found, key=lambda paths: (paths.host, paths.lun)))


def is_multipathed(pbd: PBD) -> bool:
    """Whether the connection was made with several paths.

    Raises:
        NotVerifiedError: what it says is neither true nor false.
    """
    return _flag(pbd.other_config, "multipathed", "a connection")


def path_problems(paths: tuple[Paths, ...]) -> tuple[str, ...]:
    """What is wrong: dead paths, a single path, or fewer paths than another host has."""
    most: dict[str, int] = {}
    for path in paths:
        most[path.lun] = max(most.get(path.lun, LEAST), path.total)
    return tuple(
        f"{path.live} of {most[path.lun]} paths to {path.lun} on {path.host}"
        for path in paths
        if path.live < most[path.lun]
    )


def multipath_setting(host: Host) -> bool:
    """Whether a host uses several paths; from 7.5 on a field of its own.

    Raises:
        NotVerifiedError: what it says is neither true nor false.
    """
    if host.has("multipathing"):
        return host.multipathing
    return _flag(host.other_config, "multipathing", f"host {host.title}")


def _flag(config: Mapping[str, str], key: str, what: str) -> bool:
    # A key that was never set is how every release writes "off".
    text = config.get(key, "false").lower()
    if text not in _SETTING:
        raise NotVerifiedError(f"{what} says {text!r} of {key}")
    return _SETTING[text]


def read_count(host: str, key: str, text: str) -> Paths:
    """Read one count: `[live, total]`.

    Args:
        host: its name.
        key: under which it is noted.
        text: what is noted.

    Raises:
        NotVerifiedError: it is no such count.
    """
    found = _COUNT.fullmatch(text.strip())
    if found is None:
        # A single number tells the live paths alone: whether others are lost is not known.
        raise NotVerifiedError(f"the number of paths on host {host} cannot be read: {text[:40]!r}")
    return Paths(host, key.removeprefix(_PREFIX), int(found[1]), int(found[2]))
