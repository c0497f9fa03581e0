"""What the intended upgrade would do to a host's partition layout."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, VDI, Host
from fixtures.probes import SWITCH_MARKER
from fixtures.release_parts import LayoutEffect
from fixtures.releases import Fact, Release
from fixtures.settings import Settings
from rules.confidence import Objection, unsure
from rules.disk_layout import Layout, any_on_disk
from rules.partition_table import GIB

_EFFECTS: Final = {
    "switched": "the installer would erase the local SR on the primary disk and partition it anew",
    "kept": "the installer would keep the old layout all the same",
    "converted": "the installer would shrink the root partition only",
    "refused": "the installer would stop",
}


@dataclass(frozen=True, slots=True)
class PrimaryDiskSrs:
    """The local SR on the primary disk, as the wizard's plugin looks at it.

    Attributes:
        srs: names of the attached SRs on that disk.
        switchable: the plugin would agree to a switch: no VDI is in the way and there is room.
        because: why, in words.
        unseen: why a plugin that compares names alone may not see the SR, and agree; else empty.
    """

    srs: tuple[str, ...]
    switchable: bool
    because: str
    unseen: str = ""


def local_disk(host: Host, disk: str, node: str, least_gib: int) -> PrimaryDiskSrs:
    """Look at the local SR on the primary disk with the eyes of the upgrade plugin.

    Args:
        host: the member.
        disk: PRIMARY_DISK as the inventory has it.
        node: the same resolved to a device node.
        least_gib: least SR for which the plugin agrees.

    Source: host-upgrade-plugin, prepare_host_upgrade.py, testSafe2Upgrade.

    Raises:
        NotVerifiedError: the XenAPI does not tell which disk an SR is on.
    """
    found: list[SR] = []
    unseen = ""
    for pbd in host.pbds:
        device = pbd.device_config.get("device", "")
        if not pbd.currently_attached or not device or pbd.sr.shared:
            continue
        on = any_on_disk(device, disk, node)
        if on is None:
            raise NotVerifiedError(
                f"whether SR {pbd.sr.title} is on the primary disk cannot be told from {device}"
            )
        if on:
            found.append(pbd.sr)
            if not any(name.strip().startswith(disk) for name in device.split(",")):
                unseen = f"SR {pbd.sr.title} calls it {device}, the inventory {disk}"
    names = tuple(sr.title for sr in found)
    if not found:
        return PrimaryDiskSrs((), switchable=True, because="there is no attached local SR on it")
    for sr in found:
        images = len(host.facts.referring(VDI, "SR", sr.ref))
        if sr.physical_size < least_gib * GIB:
            why = f"SR {sr.title} is too small"
            return PrimaryDiskSrs(names, switchable=False, because=why, unseen=unseen)
        if images:
            why = f"{images} VDIs in SR {sr.title}"
            return PrimaryDiskSrs(names, switchable=False, because=why, unseen=unseen)
    return PrimaryDiskSrs(names, switchable=True, because=f"SR {names[0]} is empty")


def wizard_may_switch(target: Release, settings: Settings) -> bool:
    """Whether a wizard's automatic mode, which sets the marker by itself, may be used.

    XenCenter's, or for XCP-ng that of its relative; `--no-xencenter` says that neither is.
    """
    by_hand = settings.method != "rolling" or settings.no_xencenter
    return not by_hand and target.automatic_mode_sets_marker.value


def objection(
    layout: Layout,
    target: Release,
    settings: Settings,
    *,
    marker: bool,
    local: PrimaryDiskSrs | None,
) -> Objection | None:
    """Why an in-place upgrade must not start with this layout; None when it may.

    Args:
        layout: what the host has.
        target: the release to upgrade to.
        settings: method, and what was stated about the layout.
        marker: whether the order to switch is in dom0.
        local: the local SR on the primary disk; None when it plays no part.

    What would switch is never allowed. What would keep an old layout is allowed only where it was
    stated and the installer is known to keep it.

    Raises:
        NotVerifiedError: nothing was stated about an old layout, or the release data do not allow
            what they do not forbid either.
    """
    rules = [target.layouts[letter] for letter in layout.letters]
    keep = [rule.keep for rule in rules]
    ordered = None
    if layout.generation == "old":
        found = _ordered([rule.switch for rule in rules], target, settings, marker, local)
        ordered = found and Objection(f"{layout.name}, {found.words}", found.lighter)
    # What is merely worth a warning must not hide what nobody said or knows.
    if ordered is not None and not ordered.lighter:
        return ordered
    if all(fact.value == "refused" for fact in keep):
        words = f"{layout.name}, which {target.name} no longer keeps: its installer would stop"
        return Objection(words, unsure(*keep))
    if layout.generation == "old" and settings.layout is None:
        raise NotVerifiedError(
            f"the layout is {layout.name}, and nothing was said about it: state --layout=keep "
            "or --layout=switch"
        )
    if any(fact.value not in ("kept", "converted") or not fact.is_verified for fact in keep):
        raise NotVerifiedError(
            f"no verified source says that {target.name} keeps the layout: {layout.name}"
        )
    may_switch = any(rule.switch.value != "kept" or not rule.switch.is_verified for rule in rules)
    if ordered is None and local is not None and local.unseen and may_switch:
        raise NotVerifiedError(
            "whether XenCenter's automatic mode would order a switch cannot be told: by its plugin "
            f"the names of a disk must agree, and {local.unseen}"
        )
    return ordered


def _ordered(
    switch: Iterable[Fact[LayoutEffect]],
    target: Release,
    settings: Settings,
    marker: bool,  # noqa: FBT001 - one of several facts, all given by name above
    local: PrimaryDiskSrs | None,
) -> Objection | None:
    """What orders a switch of an old layout, and what the installer then does."""
    facts = tuple(switch)
    effects = sorted({fact.value for fact in facts})
    said = "; ".join(_EFFECTS[effect] for effect in effects)
    if settings.layout == "switch":
        return Objection(f"to be switched (--layout=switch): {said}")
    if all(fact.value == "kept" and fact.is_verified for fact in facts):
        return None
    if marker:
        return Objection(f"to be switched (the marker {SWITCH_MARKER} is there): {said}")
    if local is not None and local.switchable:
        words = (
            "and XenCenter's automatic mode would order the switch by itself, because "
            f"{local.because}: {said}"
        )
        return Objection(words, unsure(target.automatic_mode_sets_marker))
    return None
