"""Hardware that is known to fail with a target."""

import re
from collections.abc import Iterable, Mapping

from fixtures.exceptions import NotVerifiedError
from fixtures.release_features import HardwareRule
from fixtures.version_order import compare_versions, parse_version


def known_bad(
    rules: Iterable[HardwareRule], pci: Iterable[str], bios: Mapping[str, str], *, efi: bool
) -> tuple[tuple[str, HardwareRule], ...]:
    """What of a host is known to fail, and the rule that says so.

    Args:
        rules: of the target.
        pci: `vendor:device` of its network and storage controllers, subsystem may follow.
        bios: the XenAPI's BIOS strings.
        efi: whether it boots by EFI.

    Raises:
        NotVerifiedError: a rule is about servers, and the BIOS strings do not name this one.
    """
    found = []
    devices = tuple(pci)
    for rule in rules:
        if rule.efi_only and not efi:
            continue
        part = next((i for i in rule.pci for d in devices if d == i or d.startswith(f"{i}:")), "")
        if rule.products and not part:
            part = _server(rule, bios)
        elif part and rule.bios_below and not _is_older(rule, bios):
            part = ""
        if part:
            found.append((part, rule))
    return tuple(found)


def _server(rule: HardwareRule, bios: Mapping[str, str]) -> str:
    product = bios.get("system-product-name", "").strip()
    if not product:
        raise NotVerifiedError("the XenAPI does not name the host's server")
    named = any(re.search(rf"(?i){re.escape(p)}(?![0-9A-Za-z])", product) for p in rule.products)
    if not named or (rule.bios_below and not _is_older(rule, bios)):
        return ""
    return f"{product} with BIOS {bios['bios-version']}" if rule.bios_below else product


def _is_older(rule: HardwareRule, bios: Mapping[str, str]) -> bool:
    version = bios.get("bios-version", "").strip()
    if parse_version(version) is None:
        raise NotVerifiedError("the XenAPI does not tell the version of the host's BIOS")
    return compare_versions(version, rule.bios_below) < 0
