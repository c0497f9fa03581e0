"""Host preconditions in dom0: proxies on the way to the packages."""

from typing import Any

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.releases import SourceRelease
from fixtures.settings import Settings
from rules.hotfixes import generation
from rules.proxies import PROXIES, proxied_files


@check("HOST-PROXY-01", warning, probes=(PROXIES,))
def test_no_proxy_is_set_by_hand(
    host: Host, source: SourceRelease, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """The package manager of dom0 uses no proxy that was set by hand.

    Why: the installer writes new settings, so the first update after the upgrade does not find its
        mirror, on hosts upgraded already before those that are not. The upgrade itself goes on.
    Source: host-installer, upgrade.py: the files it carries over; docs.xcp-ng.org, Updates.
    Remedy: note the proxy of each file named, and set it again after the upgrade, before the first
        update of the host.
    Risk: none; settings are only noted.
    """
    if generation(source) != "packages":
        not_applicable(f"dom0 of {source.name} fetches no packages by itself")
    if settings.phase == "after":
        not_applicable("it is lost, or set again by now")
    found = proxied_files(dom0)
    evidence(files=found)
    evidence.remedy("grep", "-in", "proxy", *found)

    assert not found, (
        f"host {host.title}: proxy of the package manager - expected: none set by hand, "
        f"found: in {', '.join(found)}"
    )
