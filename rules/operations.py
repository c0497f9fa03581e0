"""What is being done with a host, and what disaster recovery and old policies left behind."""

from collections import Counter

from fixtures.model import SR, VMPP, DRTask, Host, PoolFacts, Ref


def host_operations(host: Host) -> tuple[str, ...]:
    """What is being done with a host, each with its number."""
    counted = Counter(host.current_operations.values())
    return tuple(f"{word} ({number})" for word, number in sorted(counted.items()))


def evacuation_refused(host: Host) -> bool:
    """Whether xapi would refuse to evacuate a host that is enabled.

    A disabled one is another matter: `HOST-LIVE-01`.
    """
    return host.enabled and "evacuate" not in host.allowed_operations


def recoveries(facts: PoolFacts) -> tuple[str, ...]:
    """The disaster recoveries under way, each with the storage it brought, in words.

    Raises:
        NotVerifiedError: tasks, or who introduced an SR, are not known.
    """
    tasks = facts.table(DRTask)
    brought: dict[Ref, list[str]] = {ref: [] for ref in tasks}
    for sr in facts.table(SR).values():
        if sr.has("introduced_by") and sr.introduced_by:
            brought.setdefault(sr.introduced_by, []).append(sr.title)
    return tuple(
        f"SRs {', '.join(sorted(names))}" if names else "a task without storage"
        for _, names in sorted(brought.items())
    )


def protection_policies(facts: PoolFacts) -> tuple[str, ...]:
    """Protection policies that are left, and VMs that still name one, in words.

    Raises:
        NotVerifiedError: policies, or the policy of a VM, are not known.
    """
    policies = facts.table(VMPP)
    users: Counter[Ref] = Counter()
    for vm in facts.vms:
        if vm.has("protection_policy") and vm.protection_policy:
            users[vm.protection_policy] += 1
    names = {ref: policies[ref].title if ref in policies else "one that is gone"
             for ref in {*policies, *users}}  # fmt: skip
    return tuple(sorted(f"{names[ref]} ({users[ref]} VMs)" for ref in names))
