"""Pool preconditions: the XenCenter that will be used."""

from collections.abc import Mapping

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Pool
from fixtures.raw import Json
from fixtures.releases import Release, SourceRelease, xencenter_client
from fixtures.settings import Settings
from rules.confidence import lighter, ruling
from rules.xencenter import conditions


@check("CLIENT-XENCENTER-01", blocker)
def test_xencenter_fits_target_and_pools(
    pool: Pool,
    target: Release,
    source: SourceRelease,
    settings: Settings,
    inputs: Mapping[str, Json],
    evidence: Evidence,
) -> None:
    """The XenCenter that will be used works with the target, this pool, and its newer pools.

    Why: an older XenCenter does not connect to a newer coordinator, and the coordinator is upgraded
        first: the upgrade would stop half-way with nobody at the controls.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xenadmin, XenAdmin/MainWindow.cs.
    Remedy: install a XenCenter that fits before the change window, or pass `--no-xencenter` if the
        upgrade is done without it.
    Risk: none; only the operator's machine changes.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: what was used has worked")
    if settings.no_xencenter:
        not_applicable("XenCenter will not be used (--no-xencenter)")
    if not target.managed_by_xencenter.value:
        not_applicable(f"XenCenter does not manage {target.name}")
    stated = inputs["xencenter"]
    if stated is None:
        raise NotVerifiedError(
            "no XenCenter was stated: pass --xencenter=VERSION, or --no-xencenter if none is used"
        )
    client = xencenter_client(stated["version"], inputs["releases"]["xencenter"])
    found = ruling(conditions(client, target, source, pool, settings, inputs["releases"]))
    problems = tuple(objection.words for objection in found)
    evidence(
        xencenter={key: value for key, value in stated.items() if value},
        also_manages=settings.also_manages,
        problems=problems,
    )
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not problems, (
        f"pool {pool.title}: XenCenter {client.version} - expected: works with the target and with "
        f"every pool that it manages, found: {'; '.join(problems)}"
    )
