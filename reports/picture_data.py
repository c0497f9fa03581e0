"""What the pictures of the report show, as plain data: from the facts and the results of a run.

Nothing here judges, and nothing here can end a run: what is not known is a sentence that says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

from fixtures.audit import Audit
from fixtures.raw import Json
from reports.picture_backups import Backups, backups
from reports.picture_disks import HostLayout, HostUsage, host_layout, host_usage
from reports.picture_hotfixes import Hotfixes, hotfixes
from reports.picture_memory import HostMemory, WithoutHost, host_memory, without_host
from reports.picture_order import Step, steps
from reports.text import reason

T = TypeVar("T")

Known: TypeAlias = T | str
"""A value, or the sentence why there is none."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Hosts and the checks that were judged on them.

    Attributes:
        hosts: uuid and name of each, in the order of the pool.
        checks: id of each check of hosts, in order.
        cells: check id, host uuid -> outcome word.
    """

    hosts: tuple[tuple[str, str], ...]
    checks: tuple[str, ...]
    cells: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class PictureData:
    """The data of all pictures; lists hold one entry per host: its name and what is known of it.

    Attributes:
        target: name of the release to upgrade to; empty if none was stated.
        verdict: the word of the run's verdict.
    """

    target: str
    matrix: Matrix
    memory: tuple[tuple[str, Known[HostMemory]], ...]
    without: tuple[tuple[str, Known[WithoutHost]], ...]
    layouts: tuple[tuple[str, Known[HostLayout]], ...]
    usage: tuple[tuple[str, Known[HostUsage]], ...]
    hotfixes: Known[Hotfixes]
    backups: Known[Backups]
    order: Known[tuple[Step, ...]]
    verdict: str = ""


def gather(audit: Audit, results: Mapping[str, Json]) -> PictureData:
    """Gather what all pictures need; whatever cannot be had is a sentence instead."""
    hosts = audit.facts.hosts
    return PictureData(
        target=audit.chosen_target.name if audit.chosen_target else "",
        matrix=matrix(results, [host.title for host in hosts]),
        memory=tuple((host.title, known(partial(host_memory, host))) for host in hosts),
        without=tuple((host.title, known(partial(without_host, audit, host))) for host in hosts),
        layouts=tuple((host.title, known(partial(host_layout, audit, host))) for host in hosts),
        usage=tuple((host.title, known(partial(host_usage, audit, host))) for host in hosts),
        hotfixes=known(lambda: hotfixes(audit)),
        backups=known(lambda: backups(results, audit.facts.now, audit.settings.max_backup_age)),
        order=known(lambda: steps(audit, results)),
        verdict=str(results["verdict"]),
    )


def known(read: Callable[[], T]) -> Known[T]:
    """What `read` returns, or why it does not."""
    try:
        return read()
    except Exception as problem:
        # A picture that cannot be drawn must not cost the report.
        return reason(problem)


def matrix(results: Mapping[str, Json], order: Sequence[str]) -> Matrix:
    """The outcomes on hosts; those without an outcome are cells of their fate.

    Args:
        results: the content of `results.json`.
        order: names of hosts in the order of the pool; those that are not named come last.
    """
    places = {name: place for place, name in enumerate(order)}
    cells: dict[tuple[str, str], str] = {}
    names: dict[str, str] = {}
    missing = [(one, one["fate"]) for one in results["ledger"]["missing"]]
    for one, word in [*((one, one["outcome"]) for one in results["outcomes"]), *missing]:
        if one["object"]["class"] == "host":
            uuid = one["object"]["uuid"]
            names[uuid] = one["object"]["name"]
            cells[one["check"], uuid] = word
    hosts = sorted(names.items(), key=lambda host: (places.get(host[1], len(places)), host[::-1]))
    return Matrix(tuple(hosts), tuple(sorted({check for check, _ in cells})), cells)
