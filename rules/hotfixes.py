"""Hotfixes and updates of a host, by the rules of its release's generation."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, HostPatch, PoolPatch, PoolUpdate
from fixtures.model.record import SCHEMA_MINOR
from fixtures.releases import SourceRelease

Generation = Literal["patches", "updates", "synced", "packages"]

UPDATES_SCHEMA: Final = SCHEMA_MINOR["7.1"]
SYNCED_SCHEMA: Final = SCHEMA_MINOR["8.3"]

_PACK_VALUE = re.compile(r".*,\s*homogeneous\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hotfix:
    """One hotfix, update or supplemental pack of a host; compared by `key`, shown by `name`.

    `enforced`: all members must have it; else a difference is only worth a warning.
    """

    key: str
    name: str
    enforced: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """How a host's hotfixes differ from the coordinator's."""

    missing: tuple[Hotfix, ...]
    extra: tuple[Hotfix, ...]
    interrupted: tuple[str, ...] = ()

    @property
    def enforced(self) -> bool:
        """Whether something differs that must not."""
        different = (*self.missing, *self.extra)
        return bool(self.interrupted) or any(hotfix.enforced for hotfix in different)

    @property
    def words(self) -> str:
        """The difference in one phrase; empty when there is none."""
        parts = [
            f"missing {_names(self.missing)}" if self.missing else "",
            f"extra {_names(self.extra)}" if self.extra else "",
            f"not completely applied {', '.join(self.interrupted)}" if self.interrupted else "",
        ]
        return "; ".join(part for part in parts if part)


def generation(source: SourceRelease) -> Generation:
    """How hosts of a release are patched.

    Up to 7.0 hotfixes (`patches`), 7.1 to 8.2 updates, then updates synchronised from a repository;
    XCP-ng has packages alone.
    """
    if source.brand == "xcp-ng":
        return "packages"
    if source.schema_minor >= SYNCED_SCHEMA:
        return "synced"
    return "updates" if source.schema_minor >= UPDATES_SCHEMA else "patches"


def difference(host: Host, coordinator: Host, kind: Generation) -> Difference:
    """Compare what the XenAPI says of a host and of the coordinator.

    Source: xapi, ocaml/xapi/xapi_pool_patch.ml, xapi_pool_update.ml and xapi_pool.ml.

    Raises:
        NotVerifiedError: a record needed is not known, or no update state was ever recorded.
    """
    wanted, found = applied(coordinator, kind), applied(host, kind)
    return Difference(
        missing=_sorted(h for key, h in wanted.items() if key not in found),
        extra=_sorted(h for key, h in found.items() if key not in wanted),
        interrupted=interrupted(host) if kind == "patches" else (),
    )


def applied(host: Host, kind: Generation) -> dict[str, Hotfix]:
    """The hotfixes of a host, supplemental packs included, by their key."""
    found = {pack.key: pack for pack in supplemental_packs(host)}
    if kind == "patches":
        for patch in host_patches(host):
            if patch.applied:
                found[patch.patch.uuid] = Hotfix(patch.patch.uuid, patch.patch.name_label)
    elif kind == "updates":
        for ref in host.updates:
            update = host.facts.get(PoolUpdate, ref)
            found[update.uuid] = Hotfix(update.uuid, update.name_label, _enforced(update))
    elif kind == "synced":
        state = host.last_update_hash
        if not state:
            raise NotVerifiedError(f"host {host.title} has no recorded state of updates")
        latest = host.latest_synced_updates_applied
        if latest not in ("yes", "no"):
            raise NotVerifiedError(
                f"host {host.title}: whether its latest updates are applied is {latest!r}"
            )
        name = f"updates of state {state[:12]}, up to date: {latest}"
        key = f"{state} {latest}"
        found[key] = Hotfix(key, name)
    return found


def commands(found: Difference, host: Host, coordinator: Host) -> tuple[tuple[str, ...], ...]:
    """What to run so that both have the same: on the host what is missing, on the coordinator the rest.

    Supplemental packs and synchronised states have no uuid to apply; they get no command.
    """
    words = []
    for hotfix in (*found.missing, *found.extra):
        where = host if hotfix in found.missing else coordinator
        if _is_known(host, PoolUpdate, hotfix.key):
            words.append(("xe", "update-apply", f"uuid={hotfix.key}", f"host={where.uuid}"))
        elif _is_known(host, PoolPatch, hotfix.key):
            words.append(("xe", "patch-apply", f"uuid={hotfix.key}", f"host-uuid={where.uuid}"))
    return tuple(words)


def _is_known(host: Host, kind: type[PoolUpdate | PoolPatch], uuid: str) -> bool:
    known = host.facts.raw.classes.get(kind.xenapi_class)
    return known is not None and any(r.get("uuid") == uuid for r in known.records.values())


def interrupted(host: Host) -> tuple[str, ...]:
    """Names of the hotfixes whose application was begun and not finished."""
    return tuple(sorted(p.patch.name_label for p in host_patches(host) if not p.applied))


def supplemental_packs(host: Host) -> tuple[Hotfix, ...]:
    """Supplemental packs and driver disks: the keys `originator:name` of `software_version`.

    Their value ends in `homogeneous` where all members must have the pack.
    """
    return tuple(
        Hotfix(f"{key}={value}", f"{key} ({value})", bool(_PACK_VALUE.fullmatch(value)))
        for key, value in sorted(host.software_version.items())
        if ":" in key
    )


def host_patches(host: Host) -> tuple[HostPatch, ...]:
    """The records of hotfixes on a host, applied or not."""
    return host.facts.referring(HostPatch, "host", host.ref)


def _enforced(update: PoolUpdate) -> bool:
    """Whether all members must have an update; before 7.3 nothing says otherwise."""
    return update.enforce_homogeneity if update.has("enforce_homogeneity") else True


def _sorted(hotfixes: Iterable[Hotfix]) -> tuple[Hotfix, ...]:
    return tuple(sorted(hotfixes, key=lambda hotfix: (hotfix.name, hotfix.key)))


def _names(hotfixes: Iterable[Hotfix]) -> str:
    return ", ".join(hotfix.name for hotfix in hotfixes)
