"""The time of a simulated pool: every age in it is counted from there."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from simpool.data import SimPool


@dataclass(slots=True)
class TimedPool(SimPool):
    """A pool that knows for which moment it was built.

    Attributes:
        now: that moment, aware UTC, to the second.
    """

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


def clock(pool: SimPool) -> datetime:
    """The moment that all ages of a pool count from, aware UTC.

    Raises:
        TypeError: the pool was not made by `simpool.builder`.
    """
    if not isinstance(pool, TimedPool):
        raise TypeError(f"pool {pool.name} has no clock")
    return pool.now


def stamp(when: datetime) -> str:
    """A moment as the XenAPI writes it."""
    return when.astimezone(UTC).strftime("%Y%m%dT%H:%M:%SZ")


def file_time(when: datetime) -> str:
    """A moment as judgements on files write it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(when: datetime) -> int:
    """A moment as whole Unix seconds."""
    return int(when.timestamp())
