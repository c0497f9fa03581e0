"""Are SRs attached where they must be, who needs them, and does the target know their type."""

from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PBD, SR, VDI, VM, Host, PoolFacts, Ref
from fixtures.releases import Release
from rules.confidence import Objection, unsure
from rules.listing import listed
from rules.once_per_pool import once_per_pool
from rules.reach import attached_hosts

_ACTIVE: Final = ("Running", "Paused")


@dataclass(frozen=True, slots=True)
class StorageVerdict:
    """What was found of one SR.

    Attributes:
        problems: what is wrong; empty if nothing is.
        detached: names of the hosts where it should be attached and is not.
        unplugged: the connections to plug.
        users: who cannot do without it.
        type_source: who says what the target thinks of its type.
        unknown: what is not known.
    """

    problems: tuple[Objection, ...]
    detached: tuple[str, ...]
    unplugged: tuple[PBD, ...]
    users: tuple[str, ...]
    type_source: str
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeVerdict:
    """What the target says of an SR type.

    Attributes:
        problem: what is wrong, None if nothing is.
        source: who says so.
    """

    problem: Objection | None
    source: str


def detached_hosts(sr: SR) -> tuple[Host, ...]:
    """The hosts on which an SR should be attached and is not.

    A shared SR belongs on every host, also on one that has no PBD for it; a local one on the hosts
    that have a PBD.
    """
    facts = sr.facts
    attached = attached_hosts(facts, sr.ref)
    meant = {pbd.host for pbd in sr.pbds}
    return tuple(
        host
        for host in facts.hosts
        if host.ref not in attached and (sr.shared or host.ref in meant)
    )


def judge_storage(sr: SR, target: Release | None, possible_targets: str = "") -> StorageVerdict:
    """Judge connections and type of an SR.

    Args:
        sr: which.
        target: the release to upgrade to, None if not stated.
        possible_targets: what could be stated, for the message.

    Raises:
        NotVerifiedError: nothing is surely wrong, and something is not known.
    """
    problems: list[Objection] = []
    unknown: list[str] = []
    detached: tuple[Host, ...] = ()
    users: tuple[str, ...] = ()
    source = ""
    try:
        detached = detached_hosts(sr)
        if detached or not sr.pbds:
            users, light = _weight(sr, unknown)
            problems.append(Objection(_detached_words(detached, users), light))
    except NotVerifiedError as problem:
        unknown.append(str(problem))
    try:
        if target is None:
            raise NotVerifiedError(f"no --target was given; possible are {possible_targets}")
        verdict = type_verdict(sr, target)
        source = verdict.source
        if verdict.problem:
            problems.append(verdict.problem)
    except NotVerifiedError as problem:
        unknown.append(str(problem))
    # What is merely worth a warning must not hide what nobody knows.
    if unknown and all(problem.lighter for problem in problems):
        raise NotVerifiedError("; ".join([*unknown, *(problem.words for problem in problems)]))
    return StorageVerdict(
        problems=tuple(problems),
        detached=tuple(host.title for host in detached),
        unplugged=tuple(pbd for pbd in sr.pbds if not pbd.currently_attached) if detached else (),
        users=users,
        type_source=source,
        unknown=tuple(unknown),
    )


def _weight(sr: SR, unknown: list[str]) -> tuple[tuple[str, ...], str]:
    """Who needs a detached SR, and why its finding is only a warning if nobody does.

    Whoever may need it and is not known keeps the finding as heavy as if he did.
    """
    try:
        users = users_of(sr.facts, sr.ref)
    except NotVerifiedError as problem:
        unknown.append(str(problem))
        return (), ""
    nobody = "no running or paused VM needs it, nor HA, nor is it a default or suspend SR"
    return users, "" if users else nobody


def _detached_words(hosts: tuple[Host, ...], users: tuple[str, ...]) -> str:
    names = listed([host.title for host in hosts])
    words = f"not attached on {names}" if hosts else "no host has a connection to it"
    return f"{words}, needed by {listed(users)}" if users else words


@once_per_pool
def users_of(facts: PoolFacts, sr: Ref) -> tuple[str, ...]:
    """Who cannot do without an SR: active VMs, the HA statefile, the default and suspend SR.

    Raises:
        NotVerifiedError: nobody is known to need it, and it is not known of somebody.
    """
    users: list[str] = []
    unknown: NotVerifiedError | None = None
    for ask in (_vms, _roles, _statefiles):
        try:
            users += ask(facts).get(sr, ())
        except NotVerifiedError as problem:
            unknown = unknown or problem
    if not users and unknown is not None:
        raise unknown
    return tuple(users)


@once_per_pool
def _vms(facts: PoolFacts) -> dict[Ref, tuple[str, ...]]:
    """The active VMs with a disk or CD on each SR."""
    found: dict[Ref, dict[str, None]] = {}
    for vm in facts.vms:
        if vm.power_state in _ACTIVE:
            for sr in _storage_of(vm):
                found.setdefault(sr, {})[f"{vm.power_state.lower()} VM {vm.title}"] = None
    return {sr: tuple(names) for sr, names in found.items()}


def _storage_of(vm: VM) -> tuple[Ref, ...]:
    return tuple(vbd.vdi.SR for vbd in vm.vbds if not vbd.empty)


@once_per_pool
def _roles(facts: PoolFacts) -> dict[Ref, tuple[str, ...]]:
    pool = facts.pool
    roles: dict[Ref, list[str]] = {}
    if pool.default_SR:
        roles.setdefault(pool.default_SR, []).append("the pool as its default SR")
    if pool.suspend_image_SR:
        roles.setdefault(pool.suspend_image_SR, []).append("the pool for suspend images")
    for host in facts.hosts:
        if host.suspend_image_sr:
            words = f"host {host.title} for suspend images"
            roles.setdefault(host.suspend_image_sr, []).append(words)
    return {sr: tuple(words) for sr, words in roles.items()}


@once_per_pool
def _statefiles(facts: PoolFacts) -> dict[Ref, tuple[str, ...]]:
    """The SRs of the HA statefiles, which the pool names by the reference of their image."""
    found: dict[Ref, tuple[str, ...]] = {}
    for ref in facts.pool.ha_statefiles:
        found[facts.get(VDI, Ref(ref)).SR] = ("HA for its statefile",)
    return found


def type_verdict(sr: SR, target: Release) -> TypeVerdict:
    """What the target says of the SR's type.

    An unverified prohibition is a problem that is not sure; an unverified permission is no answer.

    Raises:
        NotVerifiedError: nothing is known about the type, or only an unverified source allows it.
    """
    fact = target.storage_rule(sr.type).fact
    if fact.value == "supported":
        if not fact.is_verified:
            said = (
                f"only an unverified source says that {target.name} supports SRs of type {sr.type}"
            )
            raise NotVerifiedError(f"{said}: {fact.source}")
        return TypeVerdict(None, fact.source)
    words = {
        "deprecated": f"{target.name} still has SRs of type {sr.type}, but gives them up",
        "procedure": f"SRs of type {sr.type} need an upgrade procedure of their own",
        "gone": f"{target.name} has no SRs of type {sr.type}",
    }[fact.value]
    works = "it still works with the target"
    lighter = works if fact.value == "deprecated" else unsure(fact)
    return TypeVerdict(Objection(words, lighter), fact.source)
