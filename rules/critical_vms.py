"""The VMs that the upgrade itself depends on: are they there, do they run, are they apart."""

from dataclasses import dataclass

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, Host, PoolFacts
from fixtures.settings import Settings
from rules.listing import listed

_LINE = 'critical_vms = ["name or uuid", ...]'


@dataclass(frozen=True, slots=True)
class Critical:
    """What was found of the VMs named.

    Attributes:
        problems: what is wrong; empty if nothing is.
        places: name of each VM that runs -> name of its host.
    """

    problems: tuple[str, ...]
    places: dict[str, str]


def named_vms(settings: Settings) -> tuple[str, ...]:
    """The names or uuids stated; empty only where somebody said that there are none.

    Raises:
        NotVerifiedError: nobody said anything.
    """
    if not settings.critical_vms and settings.origins["critical_vms"] == "default":
        raise NotVerifiedError(
            "which VMs the upgrade depends on (name service, directory, time, licence server, "
            f"management) is not stated; add to poolproof.toml: {_LINE}, [] if there are none"
        )
    return settings.critical_vms


def judge_critical(facts: PoolFacts, names: tuple[str, ...]) -> Critical:
    """Judge the VMs named.

    Raises:
        NotVerifiedError: what one of them does is not known.
    """
    problems: list[str] = []
    places: dict[str, str] = {}
    for name in names:
        found = _called(facts, name)
        if len(found) != 1:
            many = f"{len(found)} VMs are called {name}, state the uuid"
            problems.append(many if found else f"no VM is called {name}")
        elif found[0].power_state != "Running":
            problems.append(f"{found[0].title} is {found[0].power_state.lower()}")
        else:
            places[found[0].title] = facts.get(Host, found[0].resident_on).title
    together = sorted(set(places.values()))
    if len(places) > 1 and len(together) == 1 and len(facts.hosts) > 1:
        problems.append(f"all are on {together[0]}: {listed(list(places))}")
    return Critical(tuple(problems), places)


def _called(facts: PoolFacts, name: str) -> tuple[VM, ...]:
    by_uuid = tuple(vm for vm in facts.vms if vm.uuid == name)
    return by_uuid or tuple(vm for vm in facts.vms if vm.name_label == name)
