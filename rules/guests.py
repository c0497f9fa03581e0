"""What guests may trip over at their first start on the new release."""

from datetime import timedelta

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, VTPM, PoolFacts


def sealed_guests(facts: PoolFacts) -> tuple[VM, ...]:
    """VMs that boot by UEFI or have a virtual TPM: what seals a disk to them may change.

    Raises:
        NotVerifiedError: how VMs boot, or their TPMs, are not known.
    """
    with_tpm = {tpm.VM for tpm in facts.table(VTPM).values()}
    return tuple(
        vm
        for vm in facts.vms
        if vm.ref in with_tpm or vm.HVM_boot_params.get("firmware", "").casefold() == "uefi"
    )


def running_for(vm: VM) -> timedelta:
    """How long a VM has run since its last start.

    Raises:
        NotVerifiedError: that is not known; xapi states the epoch where it never noted it.
    """
    started = vm.measured.start_time
    if started.timestamp() <= 0:
        raise NotVerifiedError(f"VM {vm.title}: when it was started is not known")
    return vm.facts.now - started
