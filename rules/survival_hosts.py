"""What of a host must have survived the upgrade: licence, directory, network, settings, layout."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PIF, Bond, Host, PoolFacts
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.certificates import read_certificate
from rules.disk_layout import Layout
from rules.iscsi_names import initiator_name
from rules.licence import edition, expiry
from rules.multipath import multipath_setting
from rules.network_backend import backend_of
from rules.survival import changes

_DAY: Final = timedelta(days=1)
_CERTIFICATE: Final = "host.get_server_certificate"
_STATIC: Final = "Static"
_ADDRESSES: Final = ("IP", "netmask", "gateway", "DNS")


def changed_licence(host: Host, old: Host) -> tuple[str, ...]:
    """Another edition or licence server than before, or an earlier end; in words."""
    compared: list[tuple[str, object, object]] = [("edition", edition(old), edition(host))]
    if old.has("license_server"):
        compared.append(("licence server", _server(old), _server(host)))
    ended, ends = expiry(old), expiry(host)
    earlier = ends is not None and (ended is None or ends < ended - _DAY)
    if earlier and ends:
        until = f"{ended:%Y-%m-%d}" if ended else "never"
        compared.append(("end", until, f"{ends:%Y-%m-%d}"))
    return changes(compared)


def _server(host: Host) -> str:
    return host.license_server.get("address", "")


def changed_directory(host: Host, old: Host) -> tuple[str, ...]:
    """Another directory than before, or none; in words."""
    return changes(
        [
            ("type", old.external_auth_type, host.external_auth_type),
            ("service", old.external_auth_service_name, host.external_auth_service_name),
        ]
    )


def changed_network(host: Host, old: Host) -> tuple[str, ...]:
    """Interfaces, bonds and the network backend that are not as before, in words."""
    now = {_key(pif): pif for pif in host.pifs}
    lost = [f"{_name(pif)} is gone" for pif in _ordered(old.pifs) if _key(pif) not in now]
    kept = [(pif, now[_key(pif)]) for pif in _ordered(old.pifs) if _key(pif) in now]
    return (
        *changes(_backends(host, old)),
        *lost,
        *(words for pair in kept for words in _interface(*pair)),
        *changes(_bonds(old, host)),
    )


def _backends(host: Host, old: Host) -> list[tuple[str, object, object]]:
    """The network backend, unless the former release was too old to name one."""
    if "network_backend" not in old.software_version:
        return []
    return [("backend", backend_of(old), backend_of(host))]


def _key(pif: PIF) -> tuple[str, int, str]:
    return pif.device, pif.VLAN, pif.on_network.title


def _name(pif: PIF) -> str:
    vlan = f", VLAN {pif.VLAN}" if pif.VLAN >= 0 else ""
    return f"{pif.device} ({pif.on_network.title}{vlan})"


def _ordered(pifs: Iterable[PIF]) -> list[PIF]:
    return sorted(pifs, key=_key)


def _interface(then: PIF, now: PIF) -> tuple[str, ...]:
    what = _name(then)
    compared: list[tuple[str, object, object]] = [
        (f"{what}: configuration", then.ip_configuration_mode, now.ip_configuration_mode),
        (f"{what}: MAC", then.MAC.lower(), now.MAC.lower()),
    ]
    if then.ip_configuration_mode == now.ip_configuration_mode == _STATIC:
        compared += [
            (f"{what}: {name}", getattr(then, name), getattr(now, name)) for name in _ADDRESSES
        ]
    lost = [
        f"{what} is no longer {word}"
        for word, was, still in (
            ("attached", then.currently_attached, now.currently_attached),
            ("the management interface", then.management, now.management),
        )
        if was and not still
    ]
    return (*lost, *changes(compared))


def _bonds(old: Host, host: Host) -> list[tuple[str, object, object]]:
    """Name of each bond of then, its members then and now."""
    then, now = _members(old), _members(host)
    return [(f"members of {name}", devices, now.get(name, ())) for name, devices in then.items()]


def _members(host: Host) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for pif in host.pifs:
        bond = host.facts.find(Bond, pif.bond_slave_of) if pif.bond_slave_of else None
        if bond is not None:
            found.setdefault(host.facts.get(PIF, bond.master).device, []).append(pif.device)
    return {name: tuple(sorted(devices)) for name, devices in sorted(found.items())}


def changed_host_settings(host: Host, old: Host) -> tuple[str, ...]:
    """IQN, multipath, logging target, power-on mode and tags that are not as before, in words."""
    compared: list[tuple[str, object, object]] = [
        ("IQN", initiator_name(old), initiator_name(host)),
        ("multipath", multipath_setting(old), multipath_setting(host)),
        ("syslog server", _syslog(old), _syslog(host)),
        ("tags", frozenset(old.tags), frozenset(host.tags)),
    ]
    if old.has("power_on_mode"):
        compared.append(("power-on mode", old.power_on_mode, host.power_on_mode))
    return changes(compared)


def _syslog(host: Host) -> str:
    return host.logging.get("syslog_destination", "")


def fingerprint(facts: PoolFacts, host: Host) -> str:
    """SHA-256 of the certificate that a host shows, in hex.

    Raises:
        NotVerifiedError: it was not read.
    """
    return read_certificate(facts.answer(_CERTIFICATE, host.ref)).fingerprint(hashes.SHA256()).hex()


def expected_layout(
    then: Layout, target: Release | None, settings: Settings, stated: str | None
) -> str:
    """`new` or `old`: what the upgrade should have left.

    Args:
        then: the layout before.
        target: the release that it was upgraded to, None if not stated.
        settings: of this run.
        stated: what was stated about the layout before the upgrade.

    Raises:
        NotVerifiedError: nobody knows what the target makes of an old layout.
    """
    if settings.method == "clean" or then.generation == "new":
        return "new"
    if (settings.layout or stated) == "switch":
        return "new"
    if target is None:
        raise NotVerifiedError(
            "what became of an old layout depends on --target, which was not given"
        )
    rules = [target.layouts[letter].keep for letter in then.letters]
    if not all(rule.value in ("kept", "converted") and rule.is_verified for rule in rules):
        raise NotVerifiedError(f"what {target.name} leaves of {then.name} is not known")
    return "old"
