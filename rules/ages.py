"""How old backups are: their times, their ages in words, and which of them are young enough."""

from datetime import UTC, datetime, timedelta
from typing import Final

_CLOCKS_DIFFER: Final = timedelta(minutes=5)


def parse_time(text: str) -> datetime:
    """A time in the form of ISO 8601, aware; one without a zone is taken to be UTC.

    Raises:
        ValueError: it is no such time.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def is_young(age: timedelta, most: timedelta) -> bool:
    """Whether an age is at most `most`; what is dated in the future is not young."""
    return -_CLOCKS_DIFFER <= age <= most


def age_words(age: timedelta) -> str:
    """An age for people: `3 days old`, `5 hours old`, `dated in the future`."""
    hours = int(age.total_seconds() // 3600)
    if age < -_CLOCKS_DIFFER:
        return "dated in the future"
    return f"{hours // 24} days old" if hours >= 48 else f"{max(hours, 0)} hours old"


def age_limit(most: timedelta) -> str:
    """The largest age of a backup, for people: `7 days`, `36 hours`, `90 minutes`."""
    minutes = int(most.total_seconds()) // 60
    for size, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes % size == 0:
            return f"{minutes // size} {unit}{'' if minutes == size else 's'}"
    return f"{minutes} minutes"
