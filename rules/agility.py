"""Is a VM agile: may it be started on any enabled host. The rule is xapi's own.

Source: xapi, ocaml/xapi/agility.ml (before 7.0: ocaml/xapi/helpers.ml).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VBD, VIF, VM, PoolFacts, Ref
from rules.evacuation_codes import Reason, explain
from rules.first_reason import first_reason
from rules.reach import attached_hosts, connected_hosts, enabled_hosts, host_names, is_sriov

METHOD: Final = "VM.assert_agile"
_VERDICTS: Final = ("VM_", "HA_", "SR_", "NETWORK_")
_DEVICES: Final = ("VM_HAS_VGPU", "VM_HAS_SRIOV_VIF")
_VGPU_SINCE: Final = "6.5"
_SRIOV_SINCE: Final = "7.6"


@dataclass(frozen=True, slots=True)
class Agility:
    """What the facts and xapi say about one VM.

    Attributes:
        computed: why it is not agile by the facts; None if nothing speaks against it.
        unknown: what is missing to compute that; empty if nothing is.
        asked: whether xapi was asked and gave a verdict.
        answer: why it is not agile by xapi's own verdict; None if it is.
        not_asked: why there is no verdict of xapi.
    """

    computed: Reason | None
    unknown: str
    asked: bool
    answer: Reason | None
    not_asked: str

    @property
    def disagree(self) -> bool:
        """Whether xapi says yes where the facts say no, or no where they say yes."""
        if not self.asked or self.unknown:
            return False
        return (self.computed is None) != (self.answer is None)

    @property
    def only_of_devices(self) -> bool:
        """Whether only devices speak against it that HA minds, and live migration need not."""
        reasons = [reason for reason in (self.computed, self.answer) if reason is not None]
        return bool(reasons) and all(reason.code in _DEVICES for reason in reasons)

    @property
    def words(self) -> str:
        """What was found, for people; where xapi and the facts disagree, both are said."""
        if self.disagree and self.answer is None and self.computed is not None:
            return f"xapi says that it is agile, but by the facts {self.computed.words}"
        if self.disagree and self.answer is not None:
            return f"{self.answer.words} (so says xapi; the facts show no reason)"
        reasons = [reason for reason in (self.computed, self.answer) if reason is not None]
        if len({(reason.code, reason.object) for reason in reasons}) == 1:
            return reasons[0].words
        return "; ".join(reason.words for reason in reasons)


def non_agile_reason(vm: VM, facts: PoolFacts) -> Reason | None:
    """Why a VM is not agile, computed from facts; the first obstacle in xapi's order.

    Returns:
        The reason, or None: it is agile.

    Raises:
        NotVerifiedError: a fact is missing, and nothing else is known to stand in the way.
    """
    steps = (_devices, _drives, _interfaces)
    return first_reason(partial(step, vm, facts) for step in steps)


def judge_agility(vm: VM) -> Agility:
    """Compare what the facts say with what xapi itself said, where it was asked."""
    computed, unknown = None, ""
    try:
        computed = non_agile_reason(vm, vm.facts)
    except NotVerifiedError as problem:
        unknown = str(problem)
    found = vm.facts.asked(METHOD, vm.ref)
    if found is None:
        return Agility(
            computed, unknown, asked=False, answer=None, not_asked=f"{METHOD} was not asked"
        )
    if found.cause:
        return Agility(
            computed, unknown, asked=False, answer=None, not_asked=f"{METHOD}: {found.cause}"
        )
    if not found.error:
        agreed = found.value in ("", None)  # nothing is what xapi says if it does not object
        said = "" if agreed else f"{METHOD}: the answer is none of this call"
        return Agility(computed, unknown, asked=agreed, answer=None, not_asked=said)
    if not _is_verdict(found.error):
        said = f"{METHOD}: {' '.join(found.error)}"
        return Agility(computed, unknown, asked=False, answer=None, not_asked=said)
    answer = explain(vm, found.error)
    return Agility(computed, unknown, asked=True, answer=answer, not_asked="")


def vms_to_ask(facts: PoolFacts, limit: int = 50) -> tuple[Ref, ...]:
    """The VMs of which xapi itself should say whether they are agile.

    Returns:
        References of VMs that are not halted and whose computed answer is negative or uncertain, in
        the order of the pool, at most `limit`; none in a pool of one host.

    Raises:
        NotVerifiedError: the VMs were not read.
    """
    if len(facts.hosts) == 1:
        return ()
    chosen: list[Ref] = []
    for vm in facts.vms:
        if len(chosen) >= limit:
            break
        try:
            wanted = vm.power_state != "Halted" and non_agile_reason(vm, facts) is not None
        except NotVerifiedError:
            wanted = True
        if wanted:
            chosen.append(vm.ref)
    return tuple(chosen)


def _is_verdict(error: Sequence[str]) -> bool:
    """Whether an error says that the VM is not agile, and not that the question failed."""
    if error[0] == "HANDLE_INVALID":
        return len(error) > 1 and error[1] not in {"VM", "session"}
    return error[0].startswith(_VERDICTS)


def _devices(vm: VM, facts: PoolFacts) -> Reason | None:
    if vm.vgpus:
        if not facts.at_least(_VGPU_SINCE):
            raise NotVerifiedError("whether this release counts a virtual GPU is not known")
        return explain(vm, ("VM_HAS_VGPU", vm.ref))
    return explain(vm, ("VM_HAS_VUSBS", vm.ref)) if vm.vusbs else None


def _drives(vm: VM, facts: PoolFacts) -> Reason | None:
    return first_reason(partial(_drive, vm, vbd, facts) for vbd in vm.vbds)


def _drive(vm: VM, vbd: VBD, facts: PoolFacts) -> Reason | None:
    """Every drive that is not empty counts, CD or disk, plugged or not."""
    if vbd.empty:
        return None
    if not vbd.VDI:
        return explain(vm, ("HANDLE_INVALID", "VDI", ""))
    sr = vbd.vdi.sr
    what = "the CD in its drive" if vbd.type == "CD" else "a disk"
    if not sr.shared:
        words = f"{what} is on SR {sr.title}, which is not shared"
        return Reason("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr.title, words)
    missing = enabled_hosts(facts) - attached_hosts(facts, sr.ref)
    if not missing:
        return None
    words = f"{what} is on SR {sr.title}, which is not attached on {host_names(facts, missing)}"
    return Reason("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr.title, words)


def _interfaces(vm: VM, facts: PoolFacts) -> Reason | None:
    return first_reason(partial(_interface, vm, vif, facts) for vif in vm.vifs)


def _interface(vm: VM, vif: VIF, facts: PoolFacts) -> Reason | None:
    network = vif.on_network
    if is_sriov(facts, network.ref) and facts.at_least(_SRIOV_SINCE):
        return explain(vm, ("VM_HAS_SRIOV_VIF", vm.ref))
    missing = enabled_hosts(facts) - connected_hosts(facts, network.ref)
    if not missing:
        return None
    where = host_names(facts, missing)
    words = f"its network {network.title} has no interface on {where}"
    return Reason("HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED", network.title, words)
