"""What a machine must have before an installer is content with it: memory, and virtualisation."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from rules.memory import MIB

LEAST_MIB: Final = 2048
"""What the vendors' system requirements ask for, from XenServer 6 to 8."""

_SET_ASIDE_MIB: Final = 100
"""What firmware and Xen keep; host-installer (constants.py) allows for as much."""

HVM_WORD: Final = "hvm-3.0-x86_32"
"""The word that the installer looks for in what Xen can run."""


def memory_mib(host: Host) -> int:
    """The memory of a host in MiB.

    Raises:
        NotVerifiedError: it is not known.
    """
    total = host.measured.memory_total
    if total <= 0:
        raise NotVerifiedError(f"host {host.title}: its total memory is not known")
    return total // MIB


def is_enough(mib: int) -> bool:
    """Whether a host has the least memory."""
    return mib >= LEAST_MIB - _SET_ASIDE_MIB


def runs_hvm(host: Host) -> bool:
    """Whether the host has hardware virtualisation, switched on.

    Raises:
        NotVerifiedError: what Xen can run there is not stated.
    """
    words = set(host.capabilities)
    if not any(word.startswith("xen-") for word in words):
        raise NotVerifiedError(f"host {host.title}: what its Xen can run is not stated")
    return HVM_WORD in words
