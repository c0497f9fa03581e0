"""Preconditions that the XenAPI knows: what is under way with hosts, and what is left of old work."""

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import VMPP, DRTask, Host, Pool, PoolFacts
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.features import feature_objection
from rules.operations import evacuation_refused, host_operations, protection_policies, recoveries


@check("HOST-OPERATIONS-01", warning)
def test_nothing_is_under_way_with_the_host(
    host: Host, settings: Settings, evidence: Evidence
) -> None:
    """Nothing is being done with the host, and where it is to be evacuated xapi allows that.

    Why: while a VM is provisioned, resumes or arrives on a host, xapi refuses to evacuate, restart
        or shut it down; while one of these is under way, no VM arrives. It ends by itself, so this
        warns.
    Source: xapi, ocaml/xapi/xapi_host_helpers.ml (OTHER_OPERATION_IN_PROGRESS).
    Remedy: let it finish: `xe host-param-list uuid={host.uuid}` shows current-operations; what
        stays there although nothing happens goes with a restart of the toolstack:
        `xe-toolstack-restart` in its dom0.
    Risk: change; VMs go on, tasks under way are lost with the toolstack's restart.
    """
    found = list(host_operations(host))
    evidence(under_way=found, allowed=host.allowed_operations)
    if not found and settings.method == "rolling" and evacuation_refused(host):
        found = ["it does not allow evacuation"]

    assert not found, (
        f"host {host.title}: operations - expected: none under way, evacuation allowed, "
        f"found: {', '.join(found)}"
    )


@check("POOL-DR-01", warning)
def test_no_disaster_recovery_is_under_way(
    pool: Pool, facts: PoolFacts, evidence: Evidence
) -> None:
    """No disaster recovery is under way, and no storage is left of one.

    Why: its storage belongs to another site and goes when its task ends; a failover that an upgrade
        interrupts leaves VMs half recovered. Nothing refuses the upgrade, so this warns.
    Source: xapi, ocaml/xapi/xapi_dr_task.ml; docs.xenserver.com, disaster recovery.
    Remedy: end the failover or its test in XenCenter, or `xe drtask-destroy uuid=...`, which
        detaches its storage.
    Risk: VM outage; what was recovered and runs on that storage stops.
    """
    found = recoveries(facts)
    evidence(recoveries=found)
    for task in facts.table(DRTask).values():
        evidence.remedy("xe", "drtask-destroy", f"uuid={task.uuid}")

    assert not found, (
        f"pool {pool.title}: disaster recovery - expected: none under way, "
        f"found: {'; '.join(found)}"
    )


@check("POOL-VMPP-01", warning)
def test_no_protection_policy_is_left(
    pool: Pool, facts: PoolFacts, target: Release, evidence: Evidence
) -> None:
    """No VM protection policy is left, nor a VM that names one.

    Why: the upgrade deletes the policies, and with them the schedule of backups, without a word;
        the VMs stay, so this warns.
    Source: xapi, data model: VMPP, removed with 6.2; xenadmin history (VmprActivatedCheck).
    Remedy: give the VMs another backup first, then delete the policies: `xe vmpp-destroy uuid=...`.
    Risk: change; its VMs are backed up by it no more.
    """
    left = protection_policies(facts)
    evidence(policies=left)
    for policy in facts.table(VMPP).values():
        evidence.remedy("xe", "vmpp-destroy", f"uuid={policy.uuid}")
    in_use = f"policy {', '.join(left)}"
    found = feature_objection(target, "vm-protection-policies", in_use) if left else None

    assert not found, (
        f"pool {pool.title}: VM protection - expected: no policy left, found: {found.words}"
    )
