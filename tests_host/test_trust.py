"""Host preconditions in dom0: which certificates it trusts."""

from collections.abc import Callable
from typing import Any

from fixtures.contract import check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.settings import Settings
from rules.listing import listed
from rules.trust import (
    ANCHORS,
    POOL_CERTIFICATES,
    added_authorities,
    authority_differences,
    bundle_problems,
)

_TLS = "tls_verification_enabled"


@check("HOST-CABUNDLE-01", warning, probes=(POOL_CERTIFICATES,))
def test_pool_bundle_is_complete(host: Host, dom0: Any, evidence: Evidence) -> None:
    """The bundle of the pool's certificates is there and holds one of every member.

    Why: hosts that were upgraded from 8.2 or earlier were left without it or with an empty one; then
        other hosts are not trusted, and joining and storage migration fail.
    Source: xapi, update-ca-bundle.sh and doc/content/design/pool-certificates.md; xen-api issue 5865.
    Remedy: have the certificates made and spread again; xapi writes the bundle anew.
    Risk: change; connections to the host are made anew.
    """
    if not host.has(_TLS):
        not_applicable("its release makes no such bundle: ask again after the upgrade")
    members = [other for other in host.facts.hosts if other.has(_TLS)]
    found = bundle_problems(dom0, members)
    evidence(tls_verification_enabled=host.tls_verification_enabled, members=members)
    evidence.remedy("xe", "host-refresh-server-certificate", f"host={host.uuid}")

    assert not found, (
        f"host {host.title}: certificates of the pool - expected: a bundle with one of every "
        f"member, found: {listed(found)}"
    )


@check("HOST-CABUNDLE-02", warning, probes=(ANCHORS,))
def test_no_authority_was_added(
    host: Host,
    settings: Settings,
    dom0: Any,
    dom0_of: Callable[[Host], Any],
    evidence: Evidence,
) -> None:
    """No CA was added to those that dom0 trusts, or the same ones as on the coordinator.

    Why: the installer writes a new dom0, without them; proxies, mirrors and backup servers whose
        certificates such a CA signed are no longer trusted, and updates fail.
    Source: host-installer, upgrade.py (what is restored); update-ca-trust(8).
    Remedy: keep the files of `ls -l /etc/pki/ca-trust/source/anchors`, and after the upgrade copy
        them into the folder on every host and run `update-ca-trust extract` there.
    Risk: change; only the trust of dom0's own programs grows.
    """
    coordinator = host.facts.pool.coordinator
    own, wanted = added_authorities(dom0), added_authorities(dom0_of(coordinator))
    differences = authority_differences(own, wanted)
    evidence(added=list(own), on_coordinator=list(wanted))
    found = differences or (tuple(own) if settings.phase != "after" else ())
    if found and not differences:
        evidence.weigh(info, because="the upgrade itself goes on without it")

    assert not found, (
        f"host {host.title}: added CA certificates - expected: none, or as on the coordinator "
        f"{coordinator.title}, found: {listed(found)}"
    )
