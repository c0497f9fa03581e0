"""Pool preconditions: features in use that the target refuses, or does not have any more."""

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, Pool
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.features import feature_objection


@check("HOST-SSL-01", blocker)
def test_legacy_ssl_is_off(
    host: Host, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """The host does not offer legacy SSL, or the target still knows it.

    Why: releases that speak TLS 1.2 only refuse the upgrade of a pool that still offers less.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/PoolLegacySslCheck.cs; release data of the target.
    Remedy: let every client speak TLS 1.2, then `xe pool-disable-ssl-legacy`.
    Risk: change; clients that speak no TLS 1.2 are locked out.
    """
    if settings.phase == "after":
        not_applicable("it is looked at before the upgrade")
    if not host.has("ssl_legacy"):
        not_applicable("the release has no such setting")
    evidence(ssl_legacy=host.ssl_legacy, target=target.name)
    found = feature_objection(target, "legacy-ssl", "on") if host.ssl_legacy else None
    if found and found.lighter:
        evidence.weigh(warning, found.lighter)

    assert not found, f"host {host.title}: legacy SSL - expected: off, found: {found.words}"


@check("HOST-POWERON-01", blocker)
def test_power_on_mode_is_known_to_the_target(
    host: Host, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """The host is not powered on by iLO, or the target still can.

    Why: the scripts for iLO are gone in later releases, and XenCenter refuses to upgrade the pool.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/PowerOniLoCheck.cs; release data of the target.
    Remedy: choose another way: `xe host-set-power-on-mode host={host.uuid} power-on-mode=""`.
    Risk: change; nothing that runs notices it.
    """
    if settings.phase == "after":
        not_applicable("it is looked at before the upgrade")
    evidence(power_on_mode=host.power_on_mode, target=target.name)
    by_ilo = host.power_on_mode.casefold() == "ilo"
    found = feature_objection(target, "power-on-ilo", "iLO") if by_ilo else None
    if found and found.lighter:
        evidence.weigh(warning, found.lighter)

    assert not found, f"host {host.title}: power-on mode - expected: not iLO, found: {found.words}"


@check("POOL-HEALTHCHECK-01", blocker)
def test_health_check_is_not_enrolled(
    pool: Pool, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """The pool is not enrolled in Health Check, or the target still knows it.

    Why: XenCenter refuses to upgrade an enrolled pool to a release without the service.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/HealthCheckServiceCheck.cs; release data of the
        target.
    Remedy: end the enrolment in XenCenter before the window.
    Risk: change; nothing that runs notices it.
    """
    if settings.phase == "after":
        not_applicable("it is looked at before the upgrade")
    if not pool.has("health_check_config") or pool.facts.at_least("8.3"):
        not_applicable("the release has no Health Check")
    enrolled = pool.health_check_config.get("Enrollment", "false").casefold() != "false"
    evidence(enrolled=enrolled, target=target.name)
    found = feature_objection(target, "health-check", "enrolled") if enrolled else None
    if found and found.lighter:
        evidence.weigh(warning, found.lighter)

    assert not found, f"pool {pool.title}: Health Check - expected: off, found: {found.words}"
