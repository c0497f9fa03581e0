"""Whether a host's licence lasts until the change, and allows it on the target."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.confidence import UNSURE, Objection, unsure

SOON: Final = timedelta(days=30)
"""From when on xapi warns of a licence that ends. Source: xapi, daily_license_check.ml."""

FREE: Final = frozenset({"free", "express", "trial"})
"""Editions that cost nothing."""
_PREMIUM: Final = frozenset({"premium", "premium-per-user", "enterprise", "enterprise-per-user"})
_ALLOWED: Final = "it is of the same family, and the licence itself allows the wizard"
_MOMENT = re.compile(
    r"([0-9]{4})-?([0-9][0-9])-?([0-9][0-9])T([0-9][0-9]):([0-9][0-9]):([0-9][0-9])(?:\.[0-9]+)?Z?"
)


def expiry(host: Host) -> datetime | None:
    """When the licence ends; None when it never does.

    A licence without a date does not end. Source: xapi, ocaml/xapi/license_check.ml.

    Raises:
        NotVerifiedError: there is a date, but it cannot be read; or nothing is stated at all.
    """
    if not host.license_params:
        raise NotVerifiedError(f"host {host.title} states nothing about its licence")
    stated = host.license_params.get("expiry")
    if stated in (None, "never"):
        return None
    found = _MOMENT.fullmatch(stated or "")
    try:
        numbers = [int(group) for group in found.groups()] if found else []
        return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]
    except (TypeError, ValueError):
        raise NotVerifiedError("license_params: the expiry is not a date") from None


def judged(
    host: Host, target: Release, settings: Settings, ends: datetime | None, now: datetime
) -> tuple[Objection, ...]:
    """Everything that speaks against a licence.

    Args:
        host: the member.
        target: the release to upgrade to.
        settings: method, window, and whether XenCenter is used.
        ends: when the licence ends; None when it never does.
        now: when the facts were read.

    Without a window the future is not known. A licence that lasts longer than xapi itself cares for
    is taken to be good; one that ends within that time may end before the change.

    Raises:
        NotVerifiedError: nothing sure speaks against it, but it ends soon and no window was stated.
    """
    found = list(objections(host, target, settings, expired=ends is not None and ends <= now))
    over = expiry_objection(ends, now, settings.window)
    if over:
        found.append(Objection(over))
    sure = any(not objection.lighter for objection in found)
    if ends is not None and settings.window is None and ends - now <= SOON and not sure:
        raise NotVerifiedError(
            f"the licence ends on {ends:%Y-%m-%d}: state the date of the change with --window"
        )
    return tuple(found)


def expiry_objection(ends: datetime | None, now: datetime, window: datetime | None) -> str:
    """Why the end of a licence stands against the change; empty when it does not.

    Args:
        ends: when it ends; None when it never does.
        now: when the facts were read.
        window: when the change begins; None when it was not stated.
    """
    if ends is None:
        return ""
    if ends <= now:
        return f"expired on {ends:%Y-%m-%d}"
    if window is not None and ends <= window:
        return f"expires on {ends:%Y-%m-%d}, before the change"
    return ""


def edition(host: Host) -> str:
    """The edition, or its forerunner of XenServer 5.5.

    Raises:
        NotVerifiedError: the host has an edition, and it is empty.
    """
    if not host.has("edition"):
        return host.license_params.get("sku_type", "")
    if not host.edition:
        raise NotVerifiedError(f"host {host.title}: its edition is empty")
    return host.edition


def objections(
    host: Host, target: Release, settings: Settings, *, expired: bool
) -> Iterator[Objection]:
    """What the edition does not allow of the intended upgrade.

    Args:
        host: the member.
        target: the release to upgrade to.
        settings: method, and whether XenCenter's wizard is used.
        expired: whether the licence has expired.
    """
    name = edition(host)
    if name in target.void_editions.value:
        yield Objection(f"edition {name} is void in {target.name}", unsure(target.void_editions))
    if settings.method != "rolling" or settings.phase == "after":
        return
    if _restricted(host, "restrict_xen_motion"):
        yield Objection("it does not allow live migration, so no host can be evacuated")
    if settings.no_xencenter or not target.managed_by_xencenter.value:
        return
    yield from _wizard(host, name, target, expired=expired)


def _wizard(host: Host, name: str, target: Release, *, expired: bool) -> Iterator[Objection]:
    rule, restricted = target.rolling_licence, _restricted(host, "restrict_rpu")
    if rule.value == "none":
        return
    if rule.value == "premium" and name not in target.rolling_editions.value:
        words = f"edition {name} does not allow the rolling upgrade wizard for {target.name}"
        # It is this key that XenCenter reads; the names of editions were others before.
        allowed = _ALLOWED if restricted is False and name in _PREMIUM else ""
        yield Objection(words, unsure(rule, target.rolling_editions) or allowed)
        return
    if restricted:
        yield Objection(f"edition {name} does not allow the rolling upgrade wizard")
    elif restricted is None and (expired or name in FREE):
        # For releases without the key older XenCenters offer the wizard, newer ones do not.
        yield Objection(f"edition {name} may not allow the rolling upgrade wizard", UNSURE)


def _restricted(host: Host, key: str) -> bool | None:
    """What a licence says of one feature; None where it says nothing.

    Raises:
        NotVerifiedError: it says neither yes nor no.
    """
    stated = host.license_params.get(key)
    if stated not in (None, "true", "false"):
        raise NotVerifiedError(f"host {host.title}: license_params {key} is neither true nor false")
    return None if stated is None else stated == "true"
