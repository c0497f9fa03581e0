"""The hotfix that XenCenter's rolling upgrade wizard wants on hosts whose own plugin is too old."""

from dataclasses import dataclass
from typing import Final

from fixtures.model import Host, PoolUpdate
from fixtures.releases import SourceRelease
from fixtures.version_order import compare_versions


@dataclass(frozen=True, slots=True)
class WizardHotfix:
    """One hotfix, and the platform versions of the hosts that need it."""

    name: str
    uuid: str
    from_platform: str
    below_platform: str


# Source: xenadmin, XenAdmin/Diagnostics/Hotfixing, HotfixFactory.cs; earlier editions of a hotfix
# do not count.
WIZARD_HOTFIXES: Final = (
    WizardHotfix("RPU005", "38a7eeeb-31ec-4de3-934f-13929ad3e339", "3.1.50", "3.2.50"),
)


def wanted_hotfix(source: SourceRelease) -> WizardHotfix | None:
    """The hotfix that hosts of a release need; None if they need none."""
    for hotfix in WIZARD_HOTFIXES:
        if (
            compare_versions(source.platform, hotfix.from_platform) >= 0
            and compare_versions(source.platform, hotfix.below_platform) < 0
        ):
            return hotfix
    return None


def has_hotfix(host: Host, hotfix: WizardHotfix) -> bool:
    """Whether the host carries it.

    Raises:
        NotVerifiedError: an update of the host is not known.
    """
    return hotfix.uuid in [host.facts.get(PoolUpdate, ref).uuid for ref in host.updates]
