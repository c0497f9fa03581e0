"""Pool preconditions: the vendor's support of what runs and of what is to run."""

from collections.abc import Mapping

from fixtures.contract import check, info, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool, PoolFacts
from fixtures.raw import Json
from fixtures.releases import Release, SourceRelease, named_release
from fixtures.settings import Settings
from rules.confidence import lighter
from rules.support import support_objections


@check("POOL-SUPPORT-01", warning)
def test_releases_are_supported(
    pool: Pool,
    source: SourceRelease,
    target: Release,
    settings: Settings,
    facts: PoolFacts,
    inputs: Mapping[str, Json],
    evidence: Evidence,
) -> None:
    """The vendor still supports the target at the change, and the release that runs.

    Why: a release without support gets no security fixes, and nobody helps when its upgrade fails.
        Nothing stops it, so this warns; what no verified source says is for the record alone.
    Source: docs.xcp-ng.org, Releases; the vendor's product matrix; xenadmin, update metadata.
    Remedy: upgrade to a release that is supported, or have it accepted that this one is not.
    Risk: none; it is for the plan.
    """
    day = max(facts.now, settings.window or facts.now).date()
    aim = named_release(target.id, inputs["releases"]["sources"])
    evidence(runs=source.name, target=target.name, judged_at=day)
    evidence(runs_until=source.support_ends and source.support_ends.value)
    evidence(target_until=aim.support_ends and aim.support_ends.value)
    found = support_objections(source, aim, day)
    if why := lighter(found):
        evidence.weigh(info, why)

    assert not found, (
        f"pool {pool.title}: vendor's support - expected: beyond the change, "
        f"found: {'; '.join(one.words for one in found)}"
    )
