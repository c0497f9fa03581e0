"""Pool preconditions: whether its members check each other's certificates."""

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool


@check("POOL-TLS-02", warning)
def test_members_check_certificates(pool: Pool, evidence: Evidence) -> None:
    """The pool verifies the TLS certificates of its members.

    Why: a pool that was upgraded keeps it off, a newly installed host has it on: one that has to be
        installed afresh in the middle of an upgrade cannot join. There is a way, so this warns.
    Source: xenadmin, its alert of TLS verification; docs.xcp-ng.org, release notes of
        XCP-ng 8.3 (certificate verification).
    Remedy: `xe pool-enable-tls-verification`; xapi refuses it while an upgrade is half done.
    Risk: host outage; a member whose certificate the others do not trust is lost to its pool.
    """
    if not pool.has("tls_verification_enabled"):
        not_applicable("the release does not verify certificates")
    evidence(enabled=pool.tls_verification_enabled)

    assert pool.tls_verification_enabled, (
        f"pool {pool.title}: TLS verification - expected: on, found: off"
    )
