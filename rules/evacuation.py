"""What prevents the evacuation of a VM: computed from the facts, and as xapi itself answered.

Source: xapi, ocaml/xapi/xapi_host.ml (compute_evacuation_plan_no_wlb).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, PoolFacts, Ref
from rules import migration_blocks, placement
from rules.evacuation_codes import MEMORY_CODES, Reason, explain, ha_leaves_it
from rules.memory import Packing, footprint, free_memory, guests_on, pack
from rules.once_per_pool import once_per_pool
from rules.placement import targets_of

METHOD: Final = "host.get_vms_which_prevent_evacuation"


@dataclass(frozen=True, slots=True)
class Evacuation:
    """What is known about the evacuation of one VM.

    Attributes:
        computed: what prevents it by the facts.
        unknown: what the facts do not tell.
        answered: whether xapi itself answered for the VM's host.
        answer: what prevents it by xapi's answer; None if nothing does.
        not_answered: why there is no answer of xapi.
    """

    computed: tuple[Reason, ...]
    unknown: tuple[str, ...]
    answered: bool
    answer: Reason | None
    not_answered: str

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What is to be reported; xapi's answer comes first, because it will decide."""
        if self.answer is None:
            return self.computed
        # The computed words of the same reason know more, such as the hosts that lack the SR.
        same = [reason for reason in self.computed if _same(reason, self.answer)]
        others = [reason for reason in self.computed if reason not in same]
        return (*(same or [self.answer]), *others)

    @property
    def words(self) -> str:
        """What is found, for people; where xapi and the facts disagree, both are said."""
        computed = "; ".join(dict.fromkeys(reason.words for reason in self.computed))
        if self.answered and self.answer is None:
            return f"xapi says that it can move, but by the facts {computed}" if computed else ""
        if self.answer is None:
            return computed
        if not self.computed and not self.unknown:
            return f"{self.answer.words} (so says xapi; the facts show no reason)"
        return "; ".join(dict.fromkeys(reason.words for reason in self.reasons))

    @property
    def only_by_the_facts(self) -> bool:
        """Whether xapi contradicts a prevention that was computed."""
        return self.answered and self.answer is None and bool(self.computed)


def _same(one: Reason, other: Reason) -> bool:
    if one.code in MEMORY_CODES:
        return other.code in MEMORY_CODES
    return (one.code, one.object) == (other.code, other.object)


def judge_evacuation(vm: VM) -> Evacuation:
    """Gather what prevents the evacuation of a running or paused VM.

    Raises:
        NotVerifiedError: xapi did not answer, and facts are missing while none says no.
    """
    computed, unknown = _computed(vm)
    try:
        answers = xapi_answer(vm.facts, vm.resident_on)
        description = answers.get(vm.ref)
    except NotVerifiedError as problem:
        if not computed and unknown:
            raise NotVerifiedError("; ".join((*dict.fromkeys(unknown), str(problem)))) from problem
        return Evacuation(computed, unknown, answered=False, answer=None, not_answered=str(problem))
    if answers:
        # Whom xapi leaves over when memory is short need not be the one that we would.
        computed = tuple(r for r in computed if r.code not in MEMORY_CODES or ha_leaves_it(vm))
    answer = None if description is None else explain(vm, description)
    return Evacuation(computed, unknown, answered=True, answer=answer, not_answered="")


def said_to_move(vm: VM) -> bool:
    """Whether xapi itself said, of the host that a VM runs on, that nothing keeps the VM there."""
    if vm.power_state != "Running":
        return False
    try:
        return vm.ref not in xapi_answer(vm.facts, vm.resident_on)
    except NotVerifiedError:
        return False  # Nobody said it.


@once_per_pool
def xapi_answer(facts: PoolFacts, host: Ref) -> dict[Ref, tuple[str, ...]]:
    """What xapi answered for a host: VM -> code and parameters; VMs that can move are not in it.

    Raises:
        NotVerifiedError: it was not asked, or did not give an answer of this shape.
    """
    value = facts.answer(METHOD, host)
    if not isinstance(value, dict):
        raise NotVerifiedError(f"{METHOD}: the answer is not a map")
    found: dict[Ref, tuple[str, ...]] = {}
    for vm, description in value.items():
        if not isinstance(description, (list, tuple)):
            raise NotVerifiedError(f"{METHOD}: the answer is not a map of lists")
        found[Ref(str(vm))] = tuple(str(part) for part in description)
    return found


def _computed(vm: VM) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """Every reason that the facts give, and what they do not tell."""
    steps: list[Callable[[], Reason | None]] = []
    steps += [partial(step, vm) for step in migration_blocks.STEPS]
    unknown: list[str] = []
    try:
        targets = targets_of(vm.facts, vm.resident_on)
    except NotVerifiedError as problem:
        unknown.append(str(problem))
    else:
        if not targets.refs:
            steps.append(partial(explain, vm, ("NO_HOSTS_AVAILABLE", vm.ref)))
        else:
            steps += [partial(step, vm, targets) for step in placement.STEPS]
            steps.append(partial(_memory_reason, vm))
    reasons: list[Reason] = []
    for step in steps:
        try:
            found = step()
        except NotVerifiedError as problem:
            unknown.append(str(problem))
            continue
        if found is not None:
            reasons.append(found)
    return tuple(reasons), tuple(unknown)


def _memory_reason(vm: VM) -> Reason | None:
    """HA that does not protect it, or no room on the other hosts."""
    if ha_leaves_it(vm):
        return explain(vm, ("HOST_EVACUATE_VM_NOT_HA_PROTECTED", vm.ref))
    packing, guests = _packing(vm.facts, vm.resident_on)
    left_over = {guests[index] for index in packing.unplaced}
    if vm.ref not in left_over:
        return None
    if packing.fits is None:
        raise NotVerifiedError("whether the other hosts have enough free memory is not known")
    return explain(vm, ("HOST_NOT_ENOUGH_FREE_MEMORY", vm.ref))


@once_per_pool
def _packing(facts: PoolFacts, host: Ref) -> tuple[Packing, tuple[Ref, ...]]:
    """How the guests of a host fit on those that would take them."""
    guests = guests_on(facts, host)
    rooms = [free_memory(facts, target) for target in sorted(targets_of(facts, host).refs)]
    packing = pack([footprint(vm) for vm in guests], rooms)
    return packing, tuple(vm.ref for vm in guests)


def codes(reasons: Sequence[Reason]) -> tuple[dict[str, str], ...]:
    """Reasons as evidence."""
    return tuple({"code": r.code, "object": r.object, "words": r.words} for r in reasons)
