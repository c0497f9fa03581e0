"""The second half of every check: what must turn it red, and what must make it not verified."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fixtures.probes import Probe
from simpool.data import SimPool


@dataclass(frozen=True, slots=True)
class Fault:
    """How a check is seen to fail.

    The first fault of a check also says by which loss of facts it becomes not verified, and takes part
    in the pool `troubled` if it is told of the default pool as it is. Further faults of the same
    check play other stories.

    Attributes:
        check: the id of the check.
        change: the smallest change to the healthy pool that must turn the check red.
        on: name of the object that must be found.
        finds: the exact message of the finding.
        loss: the smallest loss of facts that makes the check not verified on some object; the first
            fault of every check has one.
        cause: a part of the cause that must then be given.
        outcome: the word expected for the finding: blocked, warning or info.
        also: ids of other checks that rightly block because of the same change.
        needs: fields (`VM.power_state`) and classes (`VM`) without which the check never passes; of
            the first fault.
        spare: probes of the check that another witness makes up for; of the first fault.
        tells: ids of what is thereby seen beforehand, as listed in `simpool/stories`.
        pool: the simulated pool that is changed.
        settings: what is intended with it, beside what the pool brings: target, method, phase ...
    """

    check: str
    change: Callable[[SimPool], None]
    on: str
    finds: str
    loss: Callable[[SimPool], None] | None = None
    cause: str = ""
    outcome: str = "blocked"
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    spare: tuple[Probe, ...] = ()
    tells: tuple[str, ...] = ()
    pool: str = "default"
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_of_default(self) -> bool:
        """Whether it is played on the default pool with its own intentions."""
        return self.pool == "default" and not self.settings
