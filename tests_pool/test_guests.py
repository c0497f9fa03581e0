"""VM preconditions: what may go wrong at the first start on the new release."""

from collections.abc import Callable

from fixtures.attestations import Attestation
from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import VM, Pool, PoolFacts
from fixtures.settings import Settings
from rules.guests import running_for, sealed_guests
from rules.listing import listed


@check(
    "POOL-BITLOCKER-01",
    warning,
    question=(
        "Have the owners of VMs with UEFI or a virtual TPM been told to have their keys ready"
        " (none: no such VM is encrypted)?"
    ),
    answers=("yes", "none", "no"),
)
def test_owners_of_sealed_guests_are_told(
    pool: Pool,
    facts: PoolFacts,
    settings: Settings,
    attested: Callable[[], Attestation],
    evidence: Evidence,
) -> None:
    """The owners of VMs that boot by UEFI or have a virtual TPM have their recovery keys at hand.

    Why: a changed firmware makes BitLocker ask for its recovery key at the next start; only the owner
        has it, so this warns until somebody says that owners were told.
    Source: docs.xcp-ng.org, release notes of XCP-ng 8.3.
    Remedy: tell the owners of the VMs named, then attest it in attestations.toml.
    Risk: none; owners are only told.
    """
    if settings.phase == "after":
        not_applicable("the upgrade is over")
    sealed = [vm.title for vm in sealed_guests(facts)]
    evidence(vms=sealed)
    if not sealed:
        not_applicable("no VM boots by UEFI or has a virtual TPM")
    said = attested()

    assert said.answer in {"yes", "none"}, (
        f"pool {pool.title}: owners of {listed(sealed)} - expected: told, found: {said.by} says no"
    )


@check("VM-RESTART-01", warning)
def test_vm_has_been_restarted_lately(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """The running VM has been restarted within the time that the settings allow.

    Why: a guest that nobody has restarted for long may not start at all, for reasons of its own, and
        the night of the upgrade is when it is found out: a known outage, so this warns.
    Source: vendors' notes on guests whose disks were renamed at the first start.
    Remedy: restart it before the change, at a time that suits its owner: `xe vm-reboot
        uuid={vm.uuid}`.
    Risk: VM outage; the VM is restarted.
    """
    if settings.phase == "after":
        not_applicable("the upgrade is over")
    if vm.power_state in ("Halted", "Suspended"):
        not_applicable(f"the VM is {vm.power_state.lower()}")
    days = running_for(vm).days
    evidence(days=days, limit=settings.uptime_days)

    assert days <= settings.uptime_days, (
        f"VM {vm.title}: last start - expected: at most {settings.uptime_days} days ago, "
        f"found: {days} days ago"
    )
