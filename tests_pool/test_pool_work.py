"""Pool preconditions: nothing is under way, nothing is left over, nothing alarms."""

from datetime import timedelta

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool, PoolFacts, Task
from fixtures.settings import Settings
from rules.listing import listed
from rules.pool_work import grave_alerts, pool_under_way


@check("POOL-BUSY-01", warning)
def test_nothing_is_under_way_with_the_pool(pool: Pool, evidence: Evidence) -> None:
    """The pool does nothing else: no operation, no rotation of its secret, no redo log.

    Why: what is half done when the first host goes down may stay so; most of it ends by itself, so
        this warns.
    Source: xapi, ocaml/xapi/xapi_pool.ml; xenadmin, RollingUpgradeWizard (hci-forbid-rpu).
    Remedy: let it finish; `xe pool-param-list uuid={pool.uuid}` shows it.
    Risk: none; it ends by itself.
    """
    found = pool_under_way(pool)
    evidence(under_way=found)

    assert not found, (
        f"pool {pool.title}: work - expected: none under way, found: {'; '.join(found)}"
    )


@check("POOL-TASKS-01", warning)
def test_no_task_is_pending(
    pool: Pool, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """No task of the pool is pending.

    Why: backups, exports and migrations break when their host restarts; the task's owner can say
        whether it matters, so this warns.
    Source: docs.xcp-ng.org, Update; xapi, task.
    Remedy: wait for it, or end it where it began, else by `xe task-cancel uuid=...`; a task left
        over goes with a restart of the toolstack (`xe-toolstack-restart` in dom0 of the
        coordinator).
    Risk: change; what a cancelled task did is lost; VMs go on.
    """
    pending = [
        task
        for task in facts.table(Task).values()
        if task.status not in {"success", "failure", "cancelled"}
    ]
    limit = timedelta(hours=settings.task_hours)
    named = [
        task.title + (" (left over)" if facts.now - task.created > limit else "")
        for task in sorted(pending, key=lambda task: (task.title, task.ref))
    ]
    evidence(pending=named, left_over_after_hours=settings.task_hours)
    for task in pending:
        evidence.remedy("xe", "task-cancel", f"uuid={task.uuid}")

    assert not named, f"pool {pool.title}: tasks - expected: none pending, found: {listed(named)}"


@check("POOL-ALERTS-01", warning)
def test_no_grave_alert_is_young(
    pool: Pool, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """No alarm, and no alert of the three gravest priorities, is younger than the settings allow.

    Why: what xapi alarmed about lately is often what breaks under an upgrade; whoever knows the alert
        can judge it, so this warns.
    Source: xapi, ocaml/xapi-consts/api_messages.ml; Xen Orchestra, health view (alarms).
    Remedy: read them (`xe message-list params=uuid,name,priority,timestamp`), mend their causes,
        then delete them: `xe message-destroy uuid=...`.
    Risk: change; only the alert itself goes.
    """
    if settings.phase == "after":
        not_applicable("an upgrade raises alerts of its own")
    found = grave_alerts(facts, settings.alert_days)
    evidence(alerts=found, days=settings.alert_days)

    assert not found, (
        f"pool {pool.title}: alerts - expected: none in the last {settings.alert_days} days, "
        f"found: {listed(found)}"
    )
