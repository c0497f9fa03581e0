"""Host preconditions that the XenAPI knows: the licence."""

from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, PoolFacts
from fixtures.releases import Release, SourceRelease
from fixtures.settings import Settings
from rules.confidence import lighter
from rules.licence import edition, expiry, judged


@check("POOL-LICENCE-01", blocker)
def test_licence_lasts_and_allows_the_upgrade(
    host: Host,
    target: Release,
    source: SourceRelease,
    settings: Settings,
    facts: PoolFacts,
    evidence: Evidence,
) -> None:
    """The licence is valid at the change, and its edition allows the method on the target.

    Why: with an expired licence xapi starts no VM, so what was shut down for the upgrade stays
        down; without the feature the rolling upgrade wizard or live migration is refused. Without
        a `--window` a licence that ends within 30 days is not judged: nobody knows which of the
        two comes first.
    Source: xapi, ocaml/xapi/license_check.ml and daily_license_check.ml; xenadmin,
        XenModel/XenAPI-Extensions/Host.cs; release data of the target.
    Remedy: renew or assign the licence:
        `xe host-apply-edition host-uuid={host.uuid} edition=EDITION license-server-address=SERVER`.
    Risk: change; nothing that runs notices it.
    """
    ends = None if source.brand == "xcp-ng" else expiry(host)
    evidence(edition=edition(host), expiry=ends or "never", grace=host.license_params.get("grace"))
    evidence(judged_at=[moment for moment in (facts.now, settings.window) if moment])
    found = judged(host, target, settings, ends, facts.now)
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"host {host.title}: licence - expected: valid at the change and enough for "
        f"{target.name}, found: {'; '.join(objection.words for objection in found)}"
    )
