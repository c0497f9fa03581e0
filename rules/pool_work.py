"""What a pool is doing, and what it alarmed about."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Pool, PoolFacts, Ref
from fixtures.model.record import SCHEMA_MINOR
from fixtures.times import moment

_GRAVE: Final = 3  # priorities 1 to 3, from 6.2 on; before, the larger the graver
_GRAVE_BEFORE_6_2: Final = 6
# Alarms at any priority: that of ALARM is whatever its owner chose.
_ALARMS: Final = frozenset({"ALARM", "BOND_STATUS_CHANGED", "MULTIPATH_PERIODIC_ALERT"})


def pool_under_way(pool: Pool) -> tuple[str, ...]:
    """What is being done with the pool, or forbids an upgrade of it, in words."""
    found = []
    if pool.has("current_operations") and pool.current_operations:
        found.append(f"operations {', '.join(sorted(set(pool.current_operations.values())))}")
    # 8.2 got it with a hotfix, which raised its schema.
    rotates = pool.facts.schema_minor != SCHEMA_MINOR["8.2"] and pool.has("is_psr_pending")
    if rotates and pool.is_psr_pending:
        found.append("a rotation of the pool secret is pending")
    if pool.has("redo_log_enabled") and pool.redo_log_enabled:
        found.append("the redo log is on")
    if "hci-forbid-rpu" in pool.other_config:
        found.append("hci-forbid-rpu is set: its vendor forbids the rolling upgrade wizard")
    return tuple(found)


def grave_alerts(facts: PoolFacts, days: int) -> tuple[str, ...]:
    """Names of alarms and grave alerts younger than some days, each with its number.

    Raises:
        NotVerifiedError: alerts were not read, or one has another form.
    """
    told = facts.answer("message.get_since", Ref("recent"))
    if not isinstance(told, Mapping):
        raise NotVerifiedError("message.get_since did not answer with a map of records")
    since = facts.now - timedelta(days=days)
    newer = facts.at_least("6.2")
    if newer is None:
        raise NotVerifiedError("by which scale alerts are graded is not known")
    names = Counter(
        name for name, when, priority in map(_read, told.values())
        if when >= since
        and (
            name in _ALARMS
            or (1 <= priority <= _GRAVE if newer else priority >= _GRAVE_BEFORE_6_2)
        )
    )  # fmt: skip
    return tuple(f"{name} ({number})" for name, number in sorted(names.items()))


def _read(message: Any) -> tuple[str, Any, int]:
    try:
        return str(message["name"]), moment(message["timestamp"]), int(message["priority"])
    except (KeyError, TypeError, ValueError) as problem:
        raise NotVerifiedError(f"an alert has another form: {problem!r}") from problem
