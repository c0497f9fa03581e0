"""In which order the hosts would be upgraded, and what each of them waits for, as plain data."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fixtures.audit import Audit, object_ref
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.raw import Json
from rules.memory import footprint, guests_on


@dataclass(frozen=True, slots=True)
class Step:
    """One host in its turn.

    Attributes:
        host: its name.
        coordinator: it is the coordinator.
        vms: how many VMs leave it or are shut down.
        bytes: what they need elsewhere; None if that is not known.
        blocked: findings that block the host itself.
        unknown: blockers of the host itself that could not be judged, or were not.
        vms_blocked: how many of its VMs have a finding that blocks.
        vms_unknown: of how many of its VMs a blocker could not be judged, or was not.
    """

    host: str
    coordinator: bool
    vms: int
    bytes: int | None
    blocked: int
    unknown: int
    vms_blocked: int
    vms_unknown: int


def steps(audit: Audit, results: Mapping[str, Json]) -> tuple[Step, ...]:
    """The hosts in the order of a rolling upgrade: the coordinator first, then by name.

    Raises:
        NotVerifiedError: which VMs run where is not known.
    """
    blocked: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for one in results["outcomes"]:
        if one["outcome"] == "blocked":
            blocked[one["object"]["uuid"]] += 1
        elif one["outcome"] == "not-verified" and one["severity"] == "blocker":
            unknown[one["object"]["uuid"]] += 1
    severity = {check["id"]: check["severity"] for check in results["catalogue"]}
    for one in results["ledger"]["missing"]:
        if severity.get(one["check"]) not in ("warning", "info"):
            unknown[one["object"]["uuid"]] += 1
    return tuple(_step(audit, host, blocked, unknown) for host in audit.facts.hosts)


def _step(audit: Audit, host: Host, blocked: Counter[str], unknown: Counter[str]) -> Step:
    guests = guests_on(audit.facts, host.ref)
    try:
        needed: int | None = sum(footprint(vm) for vm in guests)
    except NotVerifiedError:
        needed = None
    return Step(
        host=host.title,
        coordinator=host.ref == audit.facts.coordinator_ref,
        vms=len(guests),
        bytes=needed,
        blocked=blocked[object_ref(host).uuid],
        unknown=unknown[object_ref(host).uuid],
        vms_blocked=sum(1 for vm in guests if blocked[object_ref(vm).uuid]),
        vms_unknown=sum(1 for vm in guests if unknown[object_ref(vm).uuid]),
    )
