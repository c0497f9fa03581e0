"""Host preconditions that the XenAPI knows: one version everywhere, and a way to the target."""

from collections.abc import Callable

from fixtures.attestations import Attestation
from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, Pool
from fixtures.releases import Release, SourceRelease, shipped_targets
from fixtures.settings import Settings
from rules.upgrade_path import Way, confirm, way_to
from rules.versions import COMPARED, assert_stated, differences, in_words, version_weight


@check("POOL-VERSION-01", blocker)
def test_version_is_the_coordinators(host: Host, pool: Pool, evidence: Evidence) -> None:
    """Every member runs the coordinator's product version, build and database schema.

    Why: members of unequal versions refuse each other's VMs, and xapi restricts the whole pool as
        if a rolling upgrade were under way. Another kernel alone is refused by nobody: it warns.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, ocaml/xapi/db_gc.ml.
    Remedy: bring the host to the coordinator's version with the coordinator's own media and
        updates; if only the running kernel or hypervisor differs, empty and reboot it: `xe
        host-disable uuid={host.uuid}`, `xe host-evacuate uuid={host.uuid}`, `xe host-reboot
        uuid={host.uuid}`.
    Risk: host outage; the host is updated and restarts.
    """
    found = differences(host, pool.coordinator)
    evidence(**{key: host.software_version.get(key) for key in COMPARED})
    evidence(coordinator=pool.coordinator, different=found)
    if not found:
        assert_stated(host)
    elif why := version_weight(found):
        evidence.weigh(warning, why)
    wanted, actual = in_words(found.items())

    assert not found, f"host {host.title}: version - expected: {wanted}, found: {actual}"


@check(
    "POOL-PATH-01",
    blocker,
    question="To which target does the vendor's documentation allow a direct upgrade of this pool?",
    answers=shipped_targets(),
)
def test_upgrade_path_is_supported(
    host: Host,
    target: Release,
    source: SourceRelease,
    settings: Settings,
    attested: Callable[[str], Attestation],
    evidence: Evidence,
) -> None:
    """The target can be reached by one in-place upgrade; in phase `after` it has been reached.

    Why: an installer that does not accept the installed release stops, or upgrades into a state
        that nobody supports; by then the coordinator may be upgraded and the pool split. Where we
        could not read the vendor's statement ourselves, somebody who has read it may say so.
    Source: host-installer, upgrade.py; the vendor's upgrade documentation, named in the evidence.
    Remedy: upgrade over the releases named, if any are, one after the other, each with this audit
        before it; or choose another target; or install the target afresh (`--method=clean`).
    Risk: data loss; installing afresh erases the host's disks; every upgrade is an outage of its
        host.
    """
    evidence(source=source.name, target=target.name)
    if settings.phase == "after":
        found = Way(source.id == target.id, target.name, source.name)
    elif settings.method == "clean":
        not_applicable("a clean installation does not depend on the installed release")
    else:
        found = way_to(target, source)
    evidence(**found.basis)
    if found.unconfirmed:
        said = attested(
            f"{found.unconfirmed}. Does the vendor's documentation allow {found.wanted}?"
        )
        evidence(confirmed_by=said.by, confirmed_on=said.when)
        confirm(found, said, target)
    if found.lighter:
        evidence.weigh(warning, found.lighter)

    assert found.sound, (
        f"host {host.title}: upgrade path - expected: {found.wanted}, found: {found.found}"
    )
