"""The time of a simulated pool: every age in it is counted from there."""

from datetime import UTC, datetime

from fixtures.model.record import moment
from simpool.data import SimPool


def clock(pool: SimPool) -> datetime:
    """The moment the pool was built for, aware UTC."""
    return moment(pool.inputs["clock"])


def stamp(when: datetime) -> str:
    """A moment as the XenAPI writes it."""
    return when.astimezone(UTC).strftime("%Y%m%dT%H:%M:%SZ")


def seconds(when: datetime) -> int:
    """A moment as whole Unix seconds."""
    return int(when.timestamp())
