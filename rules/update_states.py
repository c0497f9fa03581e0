"""Updates that only some hosts have, dom0's own record of them, and supplemental packs."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, PoolFacts, PoolPatch, PoolUpdate
from fixtures.probes import PATCHES, UPDATES
from fixtures.releases import Release
from rules.confidence import Objection
from rules.disk_reading import printed
from rules.features import feature_objection
from rules.hotfixes import Generation, Hotfix, applied, supplemental_packs

_BASE: Final = frozenset({"xs:main", "xs:linux", "xcp:main"})
"""Parts of the release itself that are listed like supplemental packs."""
_CONTAINERS: Final = "xscontainer"
_NAME = re.compile(r"[\w.+-]{1,100}", re.ASCII)


def unfinished_updates(facts: PoolFacts, kind: Generation) -> tuple[str, ...]:
    """Hotfixes or updates that the pool knows and that no host has, or only some.

    Raises:
        NotVerifiedError: a record needed is not known.
    """
    have = [applied(host, kind) for host in facts.hosts]
    words = []
    table = (
        facts.table(PoolPatch).values() if kind == "patches" else facts.table(PoolUpdate).values()
    )
    for known in table:
        number = sum(known.uuid in of_host for of_host in have)
        if not number:
            words.append(f"{known.name_label} on no host")
        elif number < len(have) and any(_enforced(of_host.get(known.uuid)) for of_host in have):
            words.append(f"{known.name_label} on {number} of {len(have)} hosts")
    return tuple(sorted(words))


def unfinished_commands(facts: PoolFacts, kind: Generation) -> tuple[tuple[str, ...], ...]:
    """What completes each of them, or takes away those that no host has.

    Raises:
        NotVerifiedError: a record needed is not known.
    """
    have = [(host, applied(host, kind)) for host in facts.hosts]
    old = kind == "patches"
    noun, key = ("patch", "host-uuid") if old else ("update", "host")
    words: list[tuple[str, ...]] = []
    table = facts.table(PoolPatch).values() if old else facts.table(PoolUpdate).values()
    for known in table:
        uuid = f"uuid={known.uuid}"
        lacking = [host for host, of_host in have if known.uuid not in of_host]
        if len(lacking) == len(have):
            words.append(("xe", f"{noun}-destroy", uuid))
        elif any(_enforced(of_host.get(known.uuid)) for _, of_host in have):
            words += [("xe", f"{noun}-apply", uuid, f"{key}={host.uuid}") for host in lacking]
    return tuple(words)


def _enforced(hotfix: Hotfix | None) -> bool:
    return hotfix is not None and hotfix.enforced


def absent_in_dom0(host: Host, kind: Generation, dom0: Any) -> tuple[str, ...]:
    """Hotfixes or updates that xapi takes for applied and dom0 does not.

    Raises:
        NotVerifiedError: a record is not known, or dom0's folder cannot be read.
    """
    packs = {pack.key for pack in supplemental_packs(host)}
    meant = {key: fix for key, fix in applied(host, kind).items() if key not in packs}
    names = printed(dom0, PATCHES if kind == "patches" else UPDATES).splitlines()
    if not all(_NAME.fullmatch(name) for name in names):
        raise NotVerifiedError("dom0: the folder of applied updates cannot be read")
    return tuple(sorted(fix.name for key, fix in meant.items() if key not in names))


def packs_of(host: Host) -> tuple[Hotfix, ...]:
    """Supplemental packs and driver disks of a host, without the parts of the release itself."""
    return tuple(
        pack for pack in supplemental_packs(host) if pack.key.partition("=")[0] not in _BASE
    )


def container_objection(host: Host, target: Release) -> Objection | None:
    """What becomes of the container management pack with the target; None if it is not there.

    Source: xenadmin, XenAdmin/Diagnostics/Checks (PoolContainerManagementCheck).

    Raises:
        NotVerifiedError: an update is not known, or nothing sure is known about the target.
    """
    names = [pack.key.partition(":")[2] for pack in packs_of(host)]
    if host.has("updates"):
        names += [host.facts.get(PoolUpdate, ref).name_label for ref in host.updates]
    if not any(name.lower().startswith(_CONTAINERS) for name in names):
        return None
    return feature_objection(
        target, "container-management", "the container management pack is there"
    )
