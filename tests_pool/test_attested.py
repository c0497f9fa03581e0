"""Pool preconditions that only a person can know."""

from collections.abc import Callable

from fixtures.attestations import Attestation
from fixtures.contract import check, not_applicable, warning
from fixtures.model import Pool
from fixtures.settings import Settings


@check(
    "POOL-TRIAL-01",
    warning,
    question="Has this upgrade been tried on a test configuration?",
)
def test_upgrade_was_tried_on_a_test_configuration(
    pool: Pool, attested: Callable[[], Attestation], settings: Settings
) -> None:
    """Somebody has tried this upgrade on a test configuration and says so.

    Why: hardware that the list calls compatible has refused to boot the new release; a spare server
        or an ejected host shows it before the night of the change does.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: upgrade a spare server, or a host ejected from the pool, the way the pool will be
        upgraded; then attest it in attestations.toml.
    Risk: data loss; ejecting a host of the pool for the trial erases its local SRs; a spare server
        costs nothing.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: there is nothing left to try")
    said = attested()

    assert said.yes, f"pool {pool.title}: trial upgrade - expected: done, found: {said.by} says no"
