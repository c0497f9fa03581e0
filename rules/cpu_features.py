"""Do the processors of a host offer what a running VM was started with.

Source: xapi, ocaml/xapi/cpuid_helpers.ml (feature levelling since 7.0). Before 7.0 the rule was
another one, and from XenServer 8 on Xen itself decides, so there only equality proves anything.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, Host
from fixtures.model.record import SCHEMA_MINOR

_LEVELLED: Final = range(SCHEMA_MINOR["7.0"], SCHEMA_MINOR["8.3"])
# Up to here a VM of an older release is still running with its old features: xenopsd guesses.
_OLD_WORDS: Final = 4


def incompatibility(vm: VM, host: Host) -> str:
    """Why a VM cannot move to a host, as far as processors go; empty if it can.

    Raises:
        NotVerifiedError: the facts do not tell.
    """
    started, offered = vm.last_boot_CPU_flags, host.cpu_info
    unknown = NotVerifiedError(
        f"whether the processors of host {host.title} offer what VM {vm.title} was started with "
        "is not known"
    )
    if not started.get("vendor") or not offered.get("vendor"):
        raise unknown
    if started["vendor"] != offered["vendor"]:
        return f"made by {offered['vendor']}, not {started['vendor']}"
    need, have = started.get("features", ""), offered.get(_key(vm, offered), "")
    if not need or not have:
        raise unknown
    if need == have:
        return ""
    schema = vm.facts.schema_minor
    wanted, there = feature_words(need), feature_words(have)
    if schema not in _LEVELLED or wanted is None or there is None or len(wanted) <= _OLD_WORDS:
        raise unknown
    there += (0,) * (len(wanted) - len(there))
    if any(word & ~offer for word, offer in zip(wanted, there, strict=False)):
        return "they lack features that the VM uses"
    return ""


def is_paravirtual(vm: VM) -> bool:
    """Whether a VM runs without hardware virtualisation."""
    if vm.has("domain_type") and vm.domain_type != "unspecified":
        return vm.domain_type == "pv"
    return vm.HVM_boot_policy == ""


def _key(vm: VM, offered: Mapping[str, str]) -> str:
    levelled = "features_pv" if is_paravirtual(vm) else "features_hvm"
    return levelled if levelled in offered else "features"


@lru_cache(maxsize=1024)
def feature_words(features: str) -> tuple[int, ...] | None:
    """Features as numbers; None for text that is none."""
    parts = features.split("-")
    if len(parts) > 64 or not all(0 < len(part) <= 16 for part in parts):
        return None
    try:
        return tuple(int(part, 16) for part in parts)
    except ValueError:
        return None
