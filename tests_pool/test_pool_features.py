"""Pool preconditions: what the pool uses and the target changes; how old a verdict gets."""

from datetime import timedelta

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Certificate, Cluster, ClusterHost, Pool, PoolFacts, SDNController
from fixtures.releases import Release
from fixtures.settings import Settings
from fixtures.version_order import compare_versions, parse_version
from rules.clusters import refused_from_75
from rules.features import feature_objection

_FINGERPRINTS_FROM = "24.20"
_OLDEST_VERDICT = timedelta(days=7)


@check("POOL-CLUSTER-01", blocker)
def test_hosts_form_no_cluster_that_the_target_refuses(
    pool: Pool, facts: PoolFacts, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """The hosts form no cluster, or the target takes it over.

    Why: xapi did not start after upgrades of pools whose database had cluster records, so what the
        target refuses blocks; from 7.5 XenCenter refuses it whatever the target.
    Source: xcp-ng/xcp issue 94; xenadmin, XenAdmin/Diagnostics/Checks (PoolHasGFS2SR).
    Remedy: shut down what runs on GFS2, detach its SRs (`xe pbd-unplug uuid=...`), then `xe
        cluster-pool-destroy cluster-uuid=...`.
    Risk: VM outage; all VMs on GFS2 are shut down meanwhile.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: the target has taken over what there is")
    clusters, members = facts.table(Cluster), facts.table(ClusterHost)
    refused = refused_from_75(facts)
    evidence(clusters=len(clusters), members=len(members))
    for cluster in clusters.values():
        evidence.remedy("xe", "cluster-pool-destroy", f"cluster-uuid={cluster.uuid}")
    in_use = f"{len(clusters)} clusters, {len(members)} members" if clusters or members else ""
    found = feature_objection(target, "clustering", in_use) if in_use and not refused else None
    if found and found.lighter:
        evidence.weigh(warning, found.lighter)
    words = refused or (found.words if found else "")

    assert not words, (
        f"pool {pool.title}: clustering - expected: none that the target refuses, found: {words}"
    )


@check("POOL-VSWITCH-01", blocker)
def test_no_vswitch_controller_is_set(
    pool: Pool, facts: PoolFacts, target: Release, evidence: Evidence
) -> None:
    """No vSwitch controller is set, or the target still knows it.

    Why: the vendor refuses to upgrade such a pool to a release without the controller. Where hosts
        only listen (pssl, no address), as for Xen Orchestra's SDN plugin, there is none.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/VSwitchControllerCheck.cs; xapi, SDN_controller.
    Remedy: after its owner agreed: from 7.2 on `xe sdn-controller-forget uuid=...`, before an empty
        address by pool-set-vswitch-controller.
    Risk: change; the controller's rules for VMs end.
    """
    if facts.at_least("7.2") is not False:
        records = facts.table(SDNController).values()
        active = [one for one in records if one.address or one.protocol != "pssl"]
        known = sorted(one.address or "any" for one in active)
        evidence(plugins=len(records) - len(active))
        for controller in active:
            evidence.remedy("xe", "sdn-controller-forget", f"uuid={controller.uuid}")
    else:
        known = [pool.vswitch_controller] if pool.vswitch_controller else []
        evidence.remedy("xe", "pool-set-vswitch-controller", "address=")
    evidence(controllers=known)
    in_use = f"vSwitch controller {', '.join(known)}"
    found = feature_objection(target, "vswitch-controller", in_use) if known else None
    if found and found.lighter:
        evidence.weigh(warning, found.lighter)

    assert not found, (
        f"pool {pool.title}: networking - expected: no controller, found: {found.words}"
    )


@check("POOL-AD-01", warning)
def test_directory_logins_survive(
    pool: Pool, facts: PoolFacts, target: Release, evidence: Evidence
) -> None:
    """No host is joined to Active Directory, or all to the same, and the target keeps the join.

    Why: logins through the directory end with some upgrades; local root still works, so this warns.
    Source: docs.xcp-ng.org, release notes of XCP-ng 8.3; xapi, ocaml/xapi/extauth.ml.
    Remedy: have root's password at hand; join again afterwards: `xe pool-enable-external-auth
        auth-type=AD service-name=... config:user=... config:pass=...`.
    Risk: change; logins through the directory fail until the host has joined again.
    """
    joined = {host.title: host.external_auth_service_name for host in facts.hosts
              if host.external_auth_type}  # fmt: skip
    evidence(joined=joined)
    names = ", ".join(sorted(set(joined.values())))
    found = []
    if joined and (len(joined) < len(facts.hosts) or len(set(joined.values())) > 1):
        found.append(f"only {', '.join(sorted(joined))} joined, or to several domains ({names})")
    changed = feature_objection(target, "active-directory-pbis", names) if joined else None
    if changed:
        found.append(changed.words)

    assert not found, (
        f"pool {pool.title}: Active Directory - expected: logins survive, found: {'; '.join(found)}"
    )


@check("POOL-TLS-01", warning)
def test_tls_verification_is_equal(pool: Pool, facts: PoolFacts, evidence: Evidence) -> None:
    """The pool and all its hosts verify TLS certificates, or none does.

    Why: an upgraded pool does not switch it on, a newly installed host has it on and cannot join: a
        known obstacle with a way out, so this warns.
    Source: xapi, ocaml/xapi/xapi_pool.ml (pre-join checks); vatesfr/xen-orchestra issue 6939.
    Remedy: `xe pool-enable-tls-verification` once all hosts are of the new release.
    Risk: host outage; a member whose certificate the others do not trust is lost to its pool.
    """
    if not pool.has("tls_verification_enabled"):
        not_applicable("the release does not verify certificates")
    differ = [
        host.title
        for host in facts.hosts
        if host.tls_verification_enabled != pool.tls_verification_enabled
    ]
    evidence(pool=pool.tls_verification_enabled, differing_hosts=differ)

    assert not differ, (
        f"pool {pool.title}: TLS verification - expected: the same on all hosts, "
        f"found: otherwise on {', '.join(differ)}"
    )


@check("POOL-CERTIFICATES-01", warning)
def test_installed_certificates_have_their_fingerprints(
    pool: Pool, facts: PoolFacts, evidence: Evidence
) -> None:
    """Every CA certificate that was installed by hand has its SHA-256 fingerprint.

    Why: without it a later join of a host fails; the pool itself runs, so this warns.
    Source: xapi-project/xen-api issue 5955.
    Remedy: uninstall the certificate (`xe pool-uninstall-ca-certificate name=...`) and install it
        again (`xe pool-install-ca-certificate filename=...`).
    Risk: change; connections that rely on it fail in between.
    """
    build = pool.coordinator.software_version.get("xapi_build", "")
    if parse_version(build) and compare_versions(build, _FINGERPRINTS_FROM) < 0:
        not_applicable(f"xapi {build} keeps no such fingerprint")
    known = [
        one
        for one in facts.table(Certificate).values()
        if one.has("fingerprint_sha256") and one.type == "ca"
    ]
    bare = sorted(one.name or one.uuid for one in known if not one.fingerprint_sha256)
    evidence(certificates=len(known), without_fingerprint=bare)
    for name in bare:
        evidence.remedy("xe", "pool-uninstall-ca-certificate", f"name={name}")

    assert not bare, (
        f"pool {pool.title}: CA certificates - expected: all with a SHA-256 fingerprint, "
        f"found: none on {', '.join(bare)}"
    )


@check("POOL-WINDOW-01", warning)
def test_verdict_is_young_enough_for_the_window(
    pool: Pool, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """The change begins within a week of this audit.

    Why: pools change; upgrades have failed on what changed between the check and the change. It is
        mended by another run, so this warns.
    Source: vatesfr/xen-orchestra issue 10097.
    Remedy: audit again right before the change, and before each further host.
    Risk: none; an audit changes nothing.
    """
    if settings.phase == "after":
        not_applicable("the change is over")
    if settings.window is None:
        raise NotVerifiedError("when the change begins is not known: no --window was given")
    ahead = settings.window - facts.now
    evidence(days_ahead=ahead.days)

    assert ahead <= _OLDEST_VERDICT, (
        f"pool {pool.title}: age of this verdict at the change - expected: at most 7 days, "
        f"found: {ahead.days} days"
    )
