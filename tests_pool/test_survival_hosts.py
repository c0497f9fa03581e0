"""After the upgrade: each host has its licence, directory, network, settings and certificate."""

from fixtures.baseline import Baseline
from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, PoolFacts
from fixtures.settings import Settings
from rules.licence import edition, expiry
from rules.listing import listed
from rules.survival import AS_BEFORE, before, former_host
from rules.survival_hosts import (
    changed_directory,
    changed_host_settings,
    changed_licence,
    changed_network,
    fingerprint,
)


@check("AFTER-HOST-LICENCE-01", warning)
def test_licence_is_as_before(
    host: Host, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the host has the edition of before, for as long, from the same server.

    Why: a host that fell back to a free edition takes features from the whole pool; one that runs
        on a grace period does so when that ends.
    Source: xapi, ocaml/xapi/license_check.ml and pool_features.ml.
    Remedy: `xe host-apply-edition host-uuid={host.uuid} edition=... license-server-address=...`.
    Risk: change; nothing that runs notices it.
    """
    found = changed_licence(host, former_host(host, before(baseline, settings, facts), settings))
    evidence(edition=edition(host), expiry=expiry(host) or "never", changed=found)

    assert not found, (
        f"host {host.title}: licence - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-HOST-AUTH-01", warning)
def test_directory_is_as_before(
    host: Host, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the host is joined to the directory of before.

    Why: without it nobody but local root logs in, and that shows when somebody else has to.
    Source: xapi, ocaml/xapi/xapi_host.ml (external_auth).
    Remedy: join the pool again: `xe pool-enable-external-auth auth-type=AD service-name=...
        config:user=... config:pass=...`.
    Risk: change; logins through the directory work again.
    """
    found = changed_directory(host, former_host(host, before(baseline, settings, facts), settings))
    evidence(type=host.external_auth_type, service=host.external_auth_service_name, changed=found)

    assert not found, (
        f"host {host.title}: directory - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-HOST-NETWORK-01", warning)
def test_network_is_as_before(
    host: Host, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the host has its interfaces, addresses, bonds and network backend of before.

    Why: another kernel may order or name interfaces in another way; a VLAN or a member of a bond
        that is missing on one host shows when a VM moves there.
    Source: xapi, ocaml/xapi/xapi_pif.ml and nm.ml; host-installer, upgrade.py.
    Remedy: compare `xe pif-list host-uuid={host.uuid} params=all` with the facts of the audit
        before the upgrade, and create or plug again what is named.
    Risk: host outage; interfaces that are changed are away for a while: empty the host before.
    """
    found = changed_network(host, former_host(host, before(baseline, settings, facts), settings))
    evidence(interfaces=len(host.pifs), changed=found)

    assert not found, f"host {host.title}: network - expected: {AS_BEFORE}, found: {listed(found)}"


@check("AFTER-HOST-SETTINGS-01", warning)
def test_host_has_its_settings(
    host: Host, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the host has its IQN, multipath, syslog, power-on mode and tags of before.

    Why: arrays let a host in by its IQN, and without multipath it hangs on one path; whoever watches
        logs must know where they go.
    Source: xapi, ocaml/idl/datamodel_host.ml.
    Remedy: set what is named as it was: `xe host-param-set uuid={host.uuid} ...`, multipath in
        maintenance mode only.
    Risk: host outage; multipath and IQN are changed on an empty host; the rest costs nothing.
    """
    old = former_host(host, before(baseline, settings, facts), settings)
    found = changed_host_settings(host, old)
    evidence(changed=found)

    assert not found, (
        f"host {host.title}: settings - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-HOST-CERT-01", warning)
def test_certificate_is_the_same(
    host: Host, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the host shows the certificate of before.

    Why: clients and backup servers that were told to trust that one refuse another; one that the
        host made for itself in place of yours is trusted by nobody.
    Source: host-installer, upgrade.py (what is restored); xapi, ocaml/gencert.
    Remedy: install yours again: `xe host-server-certificate-install host={host.uuid}
        certificate=... private-key=...`; or tell the clients of the new one.
    Risk: change; connections end, and clients ask whether to trust the new certificate.
    """
    then = before(baseline, settings, facts)
    old = former_host(host, then, settings)
    was, shown = fingerprint(then, old), fingerprint(facts, host)
    evidence(sha256=shown, before=was)

    assert shown == was, (
        f"host {host.title}: certificate - expected: the one of before the upgrade, found: another"
    )
