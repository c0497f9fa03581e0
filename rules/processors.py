"""Do all hosts have processors of one vendor, and does each offer what the pool promises its VMs.

Source: xapi, ocaml/xapi/cpuid_helpers.ml; xenadmin, XenModel/PoolJoinRules.cs.
"""

from collections.abc import Mapping
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, Pool
from rules.confidence import Objection
from rules.cpu_features import feature_words

LEVELLED: Final = ("features_hvm", "features_pv")
_MASKED: Final = ("features",)
_IDLE: Final = "no VM of the pool is running, paused or suspended"
_FEWER: Final = "only VMs that use what is missing cannot move to it"


def judge_processors(host: Host, pool: Pool) -> tuple[Objection, ...]:
    """What is wrong with the processors of a host beside those of its pool.

    Raises:
        NotVerifiedError: a vendor or the features are not stated.
    """
    wanted, found = vendor_of(pool.coordinator), vendor_of(host)
    if wanted != found:
        return (Objection(f"made by {found}, the coordinator's by {wanted}", _weight(pool)),)
    level = pool_level(pool)
    missing = [key for key in level if lacks(_stated(host.cpu_info, key, host.title), level[key])]
    if not missing:
        return ()
    return (Objection(f"fewer features than the pool's level ({', '.join(missing)})", _FEWER),)


def vendor_of(host: Host) -> str:
    """Who made the processors of a host.

    Raises:
        NotVerifiedError: the host does not say.
    """
    vendor = host.cpu_info.get("vendor", "")
    if not vendor:
        raise NotVerifiedError(f"host {host.title}: the vendor of its processors is not known")
    return vendor


def pool_level(pool: Pool) -> dict[str, str]:
    """The features that the pool promises; before 7.0, when nothing was levelled, the coordinator's.

    Raises:
        NotVerifiedError: they are not stated.
    """
    if pool.has("cpu_info"):
        return {key: _stated(pool.cpu_info, key, "the pool") for key in LEVELLED}
    first = pool.coordinator
    return {key: _stated(first.cpu_info, key, first.title) for key in _MASKED}


def lacks(offered: str, wanted: str) -> bool:
    """Whether words of features lack some that are wanted.

    Raises:
        NotVerifiedError: one of both is no list of hexadecimal words.
    """
    there, needed = feature_words(offered), feature_words(wanted)
    if there is None or needed is None:
        raise NotVerifiedError("the processor features are not words in hexadecimal")
    there += (0,) * (len(needed) - len(there))
    return any(word & ~offer for word, offer in zip(needed, there, strict=False))


def _stated(info: Mapping[str, str], key: str, name: str) -> str:
    if not info.get(key):
        raise NotVerifiedError(f"{name}: {key} of the processors is not stated")
    return info[key]


def _weight(pool: Pool) -> str:
    """Why another vendor is only worth a warning; empty while a VM may have to move."""
    try:
        active = any(vm.power_state != "Halted" for vm in pool.vms)
    except NotVerifiedError:
        return ""  # Whoever may have to move keeps the finding as heavy as if he did.
    return "" if active else _IDLE
