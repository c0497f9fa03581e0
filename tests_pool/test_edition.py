"""Host preconditions that the XenAPI knows: one edition everywhere."""

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, Pool
from rules.licence import edition


@check("HOST-EDITION-01", warning)
def test_edition_is_the_coordinators(host: Host, pool: Pool, evidence: Evidence) -> None:
    """Every member has the coordinator's edition.

    Why: xapi gives a pool only the features that the licence of every member has, so one member
        of a lesser edition takes migration, HA or the rolling upgrade wizard from all of them.
        Each member's own licence may still be enough, so this warns.
    Source: xapi, ocaml/xapi/pool_features.ml; xenadmin, XenModel/PoolJoinRules.cs.
    Remedy: give the host the edition of the pool:
        `xe host-apply-edition host-uuid={host.uuid} edition=EDITION`.
    Risk: change; nothing that runs notices it.
    """
    own, wanted = edition(host), edition(pool.coordinator)
    evidence(edition=own, coordinator=wanted)
    if not own or not wanted:
        raise NotVerifiedError(f"host {host.title}: its edition or the coordinator's is not stated")
    if own != wanted:
        evidence.remedy("xe", "host-apply-edition", f"host-uuid={host.uuid}", f"edition={wanted}")

    assert own == wanted, (
        f"host {host.title}: edition - expected: the coordinator's ({wanted}), found: {own}"
    )
