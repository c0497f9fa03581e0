"""Pool preconditions: where updates come from, and from where the target is installed."""

from collections.abc import Callable, Mapping

from fixtures.attestations import Attestation
from fixtures.contract import check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool
from fixtures.raw import Json
from fixtures.releases import Release, SourceRelease, named_release
from fixtures.settings import Settings
from rules.hotfixes import generation
from rules.update_sources import WIZARD, fetches, repository_names, sync_state


@check("POOL-SYNC-01", warning)
def test_updates_were_fetched_lately(
    pool: Pool, source: SourceRelease, settings: Settings, evidence: Evidence
) -> None:
    """The pool has a repository of updates and was synchronised with it lately.

    Why: what a pool that is not in step calls up to date is old, and known faults of the running
        release go into the upgrade. XenCenter asks for a synchronisation of the last 7 days before
        it updates; up to the threshold `sync_days` that is for the record alone.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/OutOfSyncWithCdnCheck.cs; xapi, data model:
        pool.last_update_sync, pool.repositories.
    Remedy: fetch them (`xe pool-sync-updates`), wait for it to end, then bring all hosts up to
        date.
    Risk: host outage; only updates ask for restarts, fetching them costs nothing.
    """
    if generation(source) != "synced":
        not_applicable(f"{source.name} is not synchronised with a repository by xapi")
    found, only_old = sync_state(pool, settings.sync_days)
    evidence(repositories=repository_names(pool), last=pool.last_update_sync)
    evidence(automatic=pool.update_sync_enabled, limit_days=settings.sync_days)
    wanted = min(WIZARD.days, settings.sync_days)
    if only_old:
        evidence.weigh(info, f"older than {wanted} days, but not yet {settings.sync_days}")

    assert not found, (
        f"pool {pool.title}: updates - expected: synchronised within {wanted} days, "
        f"found: {'; '.join(found)}"
    )


@check(
    "POOL-MIRROR-01",
    warning,
    question="Do all hosts reach the source of their packages?",
    answer_days=30,
)
def test_update_source_is_reachable(
    pool: Pool,
    source: SourceRelease,
    target: Release,
    settings: Settings,
    inputs: Mapping[str, Json],
    attested: Callable[[], Attestation],
    evidence: Evidence,
) -> None:
    """Somebody has seen from the hosts that the source of their packages answers, or its mirror.

    Why: updates fail at the first host where a mirror is unreachable or redirects, and proxies set
        by hand are lost with the upgrade. The audit connects to the pool alone: it knows what is
        set up and when it last worked, not whether it answers today. So a person says it.
    Source: github.com/xcp-ng/xenadmin issue 203; docs.xcp-ng.org, Updates: access to the repository.
    Remedy: in dom0 of each host `yum makecache` (XenServer 8: `xe pool-sync-updates`), through the
        proxy that it will have after the upgrade; or have the installation image with all packages
        at hand; then attest it in attestations.toml.
    Risk: none; packages are only listed.
    """
    aim = named_release(target.id, inputs["releases"]["sources"])
    if settings.phase == "after" or not (fetches(source) or fetches(aim)):
        not_applicable("no host fetches packages for this change")
    if pool.has("repositories"):
        evidence(repositories=repository_names(pool), last_synchronised=pool.last_update_sync)
    said = attested()

    assert said.yes, (
        f"pool {pool.title}: source of packages - expected: reachable from all hosts, "
        f"found: {said.by} says no"
    )


@check(
    "POOL-MEDIA-01",
    warning,
    question="Is the installation image verified, and was its source tried from a host?",
)
def test_installation_source_was_tried(
    pool: Pool,
    target: Release,
    settings: Settings,
    attested: Callable[[], Attestation],
    evidence: Evidence,
) -> None:
    """Somebody has verified the target's installation image and tried its source from a host.

    Why: a source that does not answer, is incomplete or holds another release stops the upgrade at
        the first host, after it was emptied. To try it, the audit would have to have the host open
        a connection of its own, so a person does.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/PrepareToUpgradeCheck.cs; host-installer.
    Remedy: compare the image's checksum (`sha256sum IMAGE`) and signature with the vendor's; boot a
        host with the image up to its first question, or read the address given to the wizard in
        dom0 (`curl -I ADDRESS`); then attest it in attestations.toml.
    Risk: host outage; only if a host of the pool is booted with the image; reading costs nothing.
    """
    if settings.phase == "after":
        not_applicable("the target is installed already")
    evidence(target=target.name)
    said = attested()

    assert said.yes, (
        f"pool {pool.title}: installation source - expected: verified and tried, "
        f"found: {said.by} says no"
    )
