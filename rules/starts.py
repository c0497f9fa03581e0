"""When a host last started, how long that took, and which firmware it runs."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host

RESTARTED: Final = timedelta(hours=2)
"""A toolstack that started so long after its host was restarted since."""

_SECONDS = re.compile(r"[0-9]{1,11}(?:\.[0-9]{0,9})?", re.ASCII)


def started(host: Host, key: str) -> datetime:
    """When a host (`boot_time`) or its toolstack (`agent_start_time`) started.

    Raises:
        NotVerifiedError: the host does not state it, or it lies in the future.
    """
    said = host.other_config.get(key, "")
    if not _SECONDS.fullmatch(said):
        raise NotVerifiedError(f"host {host.title} does not state its {key}")
    when = datetime.fromtimestamp(float(said), UTC)
    if when > host.facts.now + timedelta(minutes=5):
        raise NotVerifiedError(f"host {host.title}: its {key} lies in the future")
    return when


def start_took(host: Host) -> timedelta:
    """From the boot of a host to the last start of its toolstack.

    Raises:
        NotVerifiedError: one of them is not stated, or they contradict each other.
    """
    took = started(host, "agent_start_time") - started(host, "boot_time")
    if took < timedelta(0):
        raise NotVerifiedError(f"host {host.title}: its toolstack started before its boot")
    return took


def firmware(host: Host) -> tuple[str, str]:
    """Model and BIOS version of a host.

    Raises:
        NotVerifiedError: it does not state one of them.
    """
    said = host.bios_strings
    values = [
        said.get(key, "").strip()
        for key in ("system-manufacturer", "system-product-name", "bios-vendor", "bios-version")
    ]
    if not all(values):
        raise NotVerifiedError(f"host {host.title} does not state its model and BIOS version")
    return " ".join(values[:2]), " ".join(values[2:])


def usual_firmware(host: Host) -> tuple[str, ...]:
    """The BIOS versions that most hosts of the same model have; several if no one prevails.

    Raises:
        NotVerifiedError: a host does not state its model.
    """
    model, _ = firmware(host)
    stated = [firmware(other) for other in host.facts.hosts]
    counts = Counter(version for other, version in stated if other == model)
    most = max(counts.values())
    return tuple(sorted(version for version, count in counts.items() if count == most))
