"""Host preconditions: the same hotfixes everywhere."""

from collections.abc import Callable
from typing import Any

from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, Pool
from fixtures.probes import PACKAGES
from fixtures.releases import SourceRelease
from rules.hotfixes import applied, commands, difference, generation
from rules.package_reading import package_difference
from rules.packages import described
from rules.versions import differences


@check("HOST-HOTFIX-01", blocker, probes=(PACKAGES,))
def test_hotfixes_match_the_coordinator(
    host: Host,
    pool: Pool,
    source: SourceRelease,
    dom0_of: Callable[[Host], Any],
    evidence: Evidence,
) -> None:
    """Every member carries exactly the coordinator's hotfixes.

    Why: members of unequal patch level can refuse each other's VMs during a rolling upgrade, and
        nobody has tried the upgrade from a mixture. XCP-ng is patched by packages alone, so there
        the packages decide; elsewhere they are compared as well, and count for a warning.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, ocaml/xapi/xapi_pool_patch.ml
        and xapi_pool_update.ml.
    Remedy: apply what is missing, the coordinator first, each host empty: patch-apply up to 7.0,
        update-apply from 7.1 on, yum on XCP-ng; what is extra belongs on all hosts. Supplemental
        packs show in `xe host-param-get uuid={host.uuid} param-name=software-version`.
    Risk: host outage; most hotfixes ask for a restart of the host or its toolstack.
    """
    kind = generation(source)
    found = difference(host, pool.coordinator, kind)
    packages = package_difference(host, pool.coordinator, dom0_of)
    evidence(missing=[h.name for h in found.missing], extra=[h.name for h in found.extra])
    evidence(interrupted=found.interrupted)
    evidence(hotfixes=sorted(h.name for h in applied(host, kind).values()))
    evidence(packages=packages.unknown or described(packages.missing, packages.extra, 50) or "same")
    if kind == "packages" and packages.unknown and not found.words:
        raise NotVerifiedError(packages.unknown)
    different = described(packages.missing, packages.extra)
    words = found.words or (f"packages {different}" if different else "")
    if kind == "packages":
        evidence.remedy("yum", "update")
    for command in commands(found, host, pool.coordinator):
        evidence.remedy(*command)
    if words and kind != "packages" and not differences(host, pool.coordinator):
        if not found.words:
            evidence.weigh(warning, because="hotfixes agree by the XenAPI, only packages differ")
        elif not found.enforced:
            evidence.weigh(warning, because="versions agree, and no member must have what differs")

    assert not words, f"host {host.title}: hotfixes - expected: the coordinator's, found: {words}"
