"""What was there before the upgrade, found again after it: records of then and of now, by uuid."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, TypeVar

from fixtures.baseline import Baseline
from fixtures.contract import not_applicable
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, PoolFacts, Record
from fixtures.settings import Settings
from rules.once_per_pool import once_per_pool

R = TypeVar("R", bound=Record)

AS_BEFORE: Final = "as before the upgrade"
NO_BASELINE: Final = (
    "no --baseline was given: what must have survived is only known from the bundle of the audit "
    "before the upgrade"
)


def before(baseline: Baseline | None, settings: Settings, facts: PoolFacts) -> PoolFacts:
    """The facts of before the upgrade; ends a check that is not made after an upgrade.

    Args:
        baseline: the audit before the upgrade.
        settings: of this run.
        facts: of this run.

    Raises:
        NotApplicableError: the phase is before the upgrade.
        NotVerifiedError: there is no baseline, or it does not tell of this pool before its upgrade.
    """
    if settings.phase != "after":
        not_applicable("judged after the upgrade")
    if baseline is None:
        raise NotVerifiedError(NO_BASELINE)
    then = baseline.facts
    if baseline.stored["settings"]["phase"]["value"] != "before":
        raise NotVerifiedError("the baseline was itself made after the upgrade (--phase=after)")
    if then.now > facts.now:
        raise NotVerifiedError("the baseline is younger than this run")
    if then.pool.uuid != facts.pool.uuid and not _uuids(then) & _uuids(facts):
        raise NotVerifiedError("the baseline is of another pool")
    return then


def _uuids(facts: PoolFacts) -> set[str]:
    return {host.uuid for host in facts.hosts}


@once_per_pool
def by_uuid(facts: PoolFacts, record_class: type[R]) -> Mapping[str, R]:
    """All records of a class by uuid.

    Raises:
        NotVerifiedError: they were not read, or two share one.
    """
    table = facts.table(record_class)
    if table and (shared := facts.shared_uuids(record_class)):
        name = record_class.xenapi_class
        raise NotVerifiedError(f"several {name}s share the uuid {min(shared)}")
    return {str(getattr(record, "uuid")): record for record in table.values()}  # noqa: B009


def former(record: R, then: PoolFacts) -> R:
    """The same object before the upgrade; ends a check on an object that was not there yet.

    Raises:
        NotApplicableError: it is younger.
    """
    uuid = str(getattr(record, "uuid"))  # noqa: B009
    found = by_uuid(then, type(record)).get(uuid)
    return found if found is not None else _younger()


def former_host(host: Host, then: PoolFacts, settings: Settings) -> Host:
    """The same for a host, which a clean installation gives another uuid."""
    return _hosts(then, settings.method == "clean").get(_key(host, settings)) or _younger()


def former_dom0(baseline: Baseline | None, host: Host) -> Any:
    """What the dom0 of a host of then answered then."""
    if baseline is None:
        raise NotVerifiedError(NO_BASELINE)
    return baseline.dom0_of(host)


def stated_layout(baseline: Baseline | None) -> str | None:
    """What was stated about the partition layout before the upgrade."""
    stated = baseline.stored["settings"].get("layout") if baseline else None
    return stated["value"] if stated else None


def lost_hosts(then: PoolFacts, facts: PoolFacts, settings: Settings) -> tuple[Host, ...]:
    """The hosts of then that are no members any more."""
    there = _hosts(facts, settings.method == "clean")
    return tuple(host for host in then.hosts if _key(host, settings) not in there)


def is_same_host(one: Host, other: Host, settings: Settings) -> bool:
    """Whether a host of then and one of now are the same."""
    return _key(one, settings) == _key(other, settings)


@once_per_pool
def _hosts(facts: PoolFacts, by_name: bool) -> Mapping[str, Host]:  # noqa: FBT001 - hashed
    if not by_name:
        return by_uuid(facts, Host)
    found = {host.hostname: host for host in facts.hosts}
    if len(found) < len(facts.hosts) or "" in found:
        raise NotVerifiedError("hosts that were installed afresh cannot be told by their names")
    return found


def _key(host: Host, settings: Settings) -> str:
    return host.hostname if settings.method == "clean" else host.uuid


def _younger() -> NoReturn:
    not_applicable("it was not there before the upgrade")


def changes(compared: Iterable[tuple[str, object, object]]) -> tuple[str, ...]:
    """What differs, in words.

    Args:
        compared: what it is, how it was, how it is.
    """
    return tuple(
        f"{what} {word(now)} instead of {word(then)}" for what, then, now in compared if then != now
    )


def other(then: Record | None, now: Record | None) -> tuple[str, str]:
    """Names of what was referred to then and now, equal exactly if it is the same object."""
    names = tuple(record.title if record else "" for record in (then, now))
    uuids = {str(getattr(record, "uuid")) if record else "" for record in (then, now)}  # noqa: B009
    if len(uuids) > 1 and names[0] == names[1]:
        return names[0], f"another {names[1]}"
    return names[0], names[1]


def word(value: object) -> str:
    """A value as people read it in a message."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (tuple, list, set, frozenset)):
        return ", ".join(sorted(map(str, value))) or "none"
    return str(value) if value not in ("", None) else "none"
