"""Could a VM run on every host that may take it: storage, networks, processors, settings.

Source: xapi, ocaml/xapi/xapi_vm_helpers.ml (assert_can_boot_here) and xapi_host.ml
(compute_evacuation_plan_no_wlb). Each step gives one reason at most.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VBD, VIF, VM, Host, Network, PoolFacts, Ref
from fixtures.version_order import compare_versions
from rules.cpu_features import incompatibility, is_paravirtual
from rules.evacuation_codes import Reason, explain
from rules.first_reason import first_reason
from rules.once_per_pool import once_per_pool
from rules.reach import attached_hosts, host_names, interfaces, is_bond_member, is_sriov

_PCPUS_SINCE: Final = "7.6"
_THREE_VERSIONS_FROM: Final = "25.31"


@dataclass(frozen=True, slots=True)
class Targets:
    """The hosts that xapi would use when a host is evacuated.

    Attributes:
        source: the host that is to be evacuated.
        refs: the hosts that its VMs may go to.
    """

    source: Ref
    refs: frozenset[Ref]


@once_per_pool
def targets_of(facts: PoolFacts, source: Ref) -> Targets:
    """The enabled hosts, other than the source, whose version is not lower.

    Raises:
        NotVerifiedError: a version or a state is not known.
    """
    leaving = facts.get(Host, source)
    found = [
        host.ref
        for host in facts.hosts
        if host.ref != source and host.enabled and not _is_older(host, leaving)
    ]
    return Targets(source, frozenset(found))


@once_per_pool
def _kinds_of(facts: PoolFacts, targets: Targets) -> tuple[Host, ...]:
    """One target of each kind, as far as processors and virtual hardware go."""
    kinds: dict[object, Host] = {}
    for host in facts.hosts:
        if host.ref in targets.refs:
            kinds.setdefault(_kind(host), host)
    return tuple(kinds.values())


@once_per_pool
def _down(facts: PoolFacts, targets: Targets) -> tuple[Host, ...]:
    found = (host for host in facts.hosts if host.ref in targets.refs)
    return tuple(host for host in found if not host.measured.live)


def _is_older(host: Host, than: Host) -> bool:
    keys = ["platform_version"]
    if compare_versions(than.software_version.get("xapi_build", ""), _THREE_VERSIONS_FROM) >= 0:
        keys += ["xapi_build", "xen"]
    mine, theirs = host.software_version, than.software_version
    if "platform_version" not in mine and "platform_version" not in theirs:
        keys = ["product_version", "build_number"]
        if [mine.get(key) for key in keys] == [theirs.get(key) for key in keys]:
            return False
    if any(not mine.get(key) or not theirs.get(key) for key in keys):
        raise NotVerifiedError(
            f"which of hosts {host.title} and {than.title} is newer is not known"
        )
    return any(compare_versions(mine[key], theirs[key]) < 0 for key in keys)


def _kind(host: Host) -> tuple[object, ...]:
    cpu = host.cpu_info if host.has("cpu_info") else {}
    features = tuple(cpu.get(f"features{suffix}") for suffix in ("", "_hvm", "_pv"))
    hardware: tuple[int, ...] = ()
    if host.has("virtual_hardware_platform_versions"):
        hardware = host.virtual_hardware_platform_versions
    capabilities = tuple(sorted(host.capabilities))
    return cpu.get("vendor"), features, hardware, capabilities, cpu.get("cpu_count")


def settings_reason(vm: VM, _targets: Targets) -> Reason | None:
    """Whether the VM's own values contradict each other."""
    limits = (
        vm.memory_static_min,
        vm.memory_dynamic_min,
        vm.memory_dynamic_max,
        vm.memory_static_max,
    )
    if list(limits) != sorted(limits):
        return explain(vm, ("MEMORY_CONSTRAINT_VIOLATION",))
    if not 1 <= vm.VCPUs_at_startup <= vm.VCPUs_max:
        return explain(vm, ("INVALID_VALUE", "VCPUs_at_startup"))
    return None


def live_reason(vm: VM, targets: Targets) -> Reason | None:
    """Whether a target is down."""
    down = _down(vm.facts, targets)
    return explain(vm, ("HOST_NOT_LIVE", down[0].ref)) if down else None


def hardware_version_reason(vm: VM, targets: Targets) -> Reason | None:
    """Whether a target lacks the VM's virtual hardware platform."""
    if not vm.has("hardware_platform_version"):
        return None
    wanted = vm.hardware_platform_version
    for host in _kinds_of(vm.facts, targets):
        if wanted not in host.virtual_hardware_platform_versions:
            code = "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION"
            return explain(vm, (code, host.ref))
    return None


def processor_reason(vm: VM, targets: Targets) -> Reason | None:
    """Whether the processors of a target do not do."""
    return first_reason(partial(_processor, vm, host) for host in _kinds_of(vm.facts, targets))


def _processor(vm: VM, host: Host) -> Reason | None:
    why = incompatibility(vm, host)
    if not why:
        return None
    return explain(vm, ("VM_INCOMPATIBLE_WITH_THIS_HOST", vm.ref, host.ref, why))


def storage_reason(vm: VM, targets: Targets) -> Reason | None:
    """Whether a disk or CD lies on an SR that a target has not attached."""
    return first_reason(partial(_drive, vm, vbd, targets) for vbd in vm.vbds)


def _drive(vm: VM, vbd: VBD, targets: Targets) -> Reason | None:
    if vbd.empty:
        return None
    sr = vbd.vdi.SR
    missing = targets.refs - attached_hosts(vm.facts, sr)
    if not missing:
        return None
    return explain(vm, ("VM_REQUIRES_SR", vm.ref, sr), f"not on {host_names(vm.facts, missing)}")


def network_reason(vm: VM, targets: Targets) -> Reason | None:
    """Whether a target lacks one of the VM's networks.

    Raises:
        NotVerifiedError: a network is one of SR-IOV, or a target has it only as part of a bond.
    """
    found = first_reason(partial(_interface, vm, vif, targets) for vif in vm.vifs)
    if found is None:
        for vif in vm.vifs:
            _assert_plain(vm.facts, vif.network, targets.refs)
    return found


def _interface(vm: VM, vif: VIF, targets: Targets) -> Reason | None:
    missing = targets.refs - _hosts_of(vm.facts, vif.on_network)
    if not missing:
        return None
    detail = f"not {host_names(vm.facts, missing)}"
    return explain(vm, ("VM_REQUIRES_NETWORK", vm.ref, vif.network), detail)


def _hosts_of(facts: PoolFacts, network: Network) -> frozenset[Ref]:
    """Where a network can be used; an internal one ties its running VMs together."""
    found = interfaces(facts, network.ref)
    if found:
        return frozenset(pif.host for pif in found)
    everywhere = network.other_config.get("assume_network_is_shared") == "true"
    if everywhere or (network.has("managed") and not network.managed):
        return frozenset(host.ref for host in facts.hosts)
    return _hosts_of_internal(facts, network.ref)


@once_per_pool
def _hosts_of_internal(facts: PoolFacts, network: Ref) -> frozenset[Ref]:
    """Where VMs of a host-internal network run; nothing ties it while none does."""
    vms = [facts.get(VM, vif.VM) for vif in facts.referring(VIF, "network", network)]
    found = frozenset(vm.resident_on for vm in vms if vm.power_state == "Running")
    return found or frozenset(host.ref for host in facts.hosts)


def _assert_plain(facts: PoolFacts, network: Ref, targets: frozenset[Ref]) -> None:
    name = facts.get(Network, network).title
    if is_sriov(facts, network):
        raise NotVerifiedError(f"whether SR-IOV functions are free on network {name} is not known")
    usable = {pif.host for pif in interfaces(facts, network) if not is_bond_member(pif)}
    if interfaces(facts, network) and not targets <= usable:
        raise NotVerifiedError(f"whether every host can attach network {name} is not known")


def virtualisation_reason(vm: VM, targets: Targets) -> Reason | None:
    """Whether a target cannot run it for want of hardware virtualisation."""
    if is_paravirtual(vm):
        return None
    for host in _kinds_of(vm.facts, targets):
        if not host.capabilities:
            raise NotVerifiedError(f"what host {host.title} is capable of is not known")
        if not any(capability.startswith("hvm") for capability in host.capabilities):
            return explain(vm, ("VM_HVM_REQUIRED", vm.ref))
    return None


def processors_count_reason(vm: VM, targets: Targets) -> Reason | None:
    """Whether it has more virtual processors than a target has physical ones (from 7.6 on)."""
    if vm.facts.at_least(_PCPUS_SINCE) is False:
        return None
    if vm.platform.get("vcpu-unrestricted", "").lower() in {"true", "1"}:
        return None
    for host in _kinds_of(vm.facts, targets):
        count = host.cpu_info.get("cpu_count", "")
        if not (count.isascii() and count.isdigit()):
            raise NotVerifiedError(f"host {host.title}: the number of its processors is not known")
        if vm.VCPUs_max > int(count):
            return explain(vm, ("HOST_NOT_ENOUGH_PCPUS", str(vm.VCPUs_max), count))
    return None


STEPS: Final = (
    settings_reason,
    live_reason,
    hardware_version_reason,
    processor_reason,
    storage_reason,
    network_reason,
    virtualisation_reason,
    processors_count_reason,
)
