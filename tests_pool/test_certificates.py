"""Host preconditions that the XenAPI knows: the certificate."""

from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, PoolFacts
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.certificates import certificate_objections, read_certificate
from rules.confidence import lighter


@check("HOST-CERT-01", blocker)
def test_certificate_is_strong_and_lasts(
    host: Host, target: Release, settings: Settings, facts: PoolFacts, evidence: Evidence
) -> None:
    """The host's certificate is strong enough for the target and valid well beyond the change.

    Why: the TLS proxy of later releases refuses short keys, and the host cannot be reached.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/CertificateKeyLengthCheck.cs; release data of the
        target.
    Remedy: install a new certificate on the host before the window: from 8.2 on `xe
        host-server-certificate-install host={host.uuid} certificate=... private-key=...`, or have
        it make one of its own (`xe host-emergency-reset-server-certificate` in its dom0).
    Risk: change; connections end, and clients ask whether to trust the new certificate.
    """
    shown = read_certificate(facts.answer("host.get_server_certificate", host.ref))
    change = max(facts.now, settings.window or facts.now)
    evidence(address=host.address, ends=shown.not_valid_after_utc, judged_at=change)
    found = certificate_objections(shown, target, change, settings.certificate_days)
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"host {host.title}: certificate - expected: strong enough and valid, "
        f"found: {'; '.join(one.words for one in found)}"
    )
