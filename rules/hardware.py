"""What a host is built of, and whether a hardware list knows it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host

_MOST_LINES: Final = 5000
# PCI class -> kind: AHCI, RAID, SAS, SCSI, NVMe and fibre channel; not IDE, not floppy.
_KINDS: Final[Mapping[str, str]] = {
    "02": "nic",
    "0100": "storage",
    "0104": "storage",
    "0106": "storage",
    "0107": "storage",
    "0108": "storage",
    "0180": "storage",
    "0c04": "storage",
}
_NUMBERS = re.compile(
    r'(?P<at>[0-9a-f:.]{7,16}) "(?P<kind>[0-9a-f]{4})" "(?P<vendor>[0-9a-f]{4})" '
    r'"(?P<device>[0-9a-f]{4})"(?: -\w+)*'
    r'(?: "(?P<sub>[0-9a-f]{0,4})" "(?P<subdevice>[0-9a-f]{0,4})")?'
)
_NAMES = re.compile(
    r"([0-9a-f:.]{7,16}) .{0,200}? \[[0-9a-f]{4}\]: (.{1,400}) \[[0-9a-f]{4}:[0-9a-f]{4}\].*"
)


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a host.

    Attributes:
        kind: server, cpu, nic or storage.
        name: as the machine reports it.
        pci: vendor:device:subvendor:subdevice in hex, the last two where known; else empty.
    """

    kind: str
    name: str
    pci: str = ""

    @property
    def label(self) -> str:
        """How a person finds it."""
        return f"{self.kind} {self.name}" + (f" [{self.pci}]" if self.pci else "")


def machine(host: Host) -> tuple[Component, ...]:
    """Server and processor, as the XenAPI names them.

    Raises:
        NotVerifiedError: the release does not name them, or left a name empty.
    """
    server = host.bios_strings.get("system-product-name", "").strip()
    processor = host.cpu_info.get("modelname", "").strip()
    if not server or not processor:
        missing = "server" if not server else "processor"
        raise NotVerifiedError(f"the XenAPI does not name the host's {missing}")
    return Component("server", server), Component("cpu", " ".join(processor.split()))


def devices(numbers: str, names: str = "") -> tuple[Component, ...]:
    """Network and storage controllers.

    Args:
        numbers: what `lspci -n -m` printed.
        names: what `lspci -nn` printed; empty if it is not known.

    Returns:
        Each kind of device once, in the order of the bus.

    Raises:
        NotVerifiedError: it is not a list of PCI devices, or a server's must-haves are not on it.
    """
    named = {
        m[1]: m[2] for line in names.splitlines()[:_MOST_LINES] if (m := _NAMES.fullmatch(line))
    }
    lines = [line for line in numbers.splitlines() if line.strip()]
    found = [_NUMBERS.fullmatch(line.strip()) for line in lines]
    if not lines or len(lines) > _MOST_LINES or not all(found):
        raise NotVerifiedError("the PCI devices cannot be read: a line of lspci is not a device")
    components: dict[Component, None] = {}
    for device in found:
        kind = _kind(device["kind"]) if device else ""
        if device and kind:
            ids = [device["vendor"], device["device"], device["sub"], device["subdevice"]]
            pci = ":".join(part for part in ids if part)
            components[Component(kind, named.get(device["at"], "PCI device"), pci)] = None
    for kind in ("nic", "storage"):
        if not any(component.kind == kind for component in components):
            raise NotVerifiedError(f"the PCI devices cannot be complete: no {kind} controller")
    return tuple(components)


def not_listed(
    components: Iterable[Component], entries: Sequence[Mapping[str, Any]], target_id: str
) -> tuple[Component, ...]:
    """The components that no entry of a hardware list covers for a target.

    Args:
        components: what the host is built of.
        entries: the list as it is stored with the facts: `kind`, `model` (`*` for any text), `pci`
            (with or without subsystem), `releases` (target ids; empty for all).
        target_id: the target.
    """
    fitting = [
        entry for entry in entries if not entry["releases"] or target_id in entry["releases"]
    ]
    return tuple(
        component
        for component in components
        if not any(_covers(entry, component) for entry in fitting)
    )


def _covers(entry: Mapping[str, Any], component: Component) -> bool:
    if entry["kind"] != component.kind:
        return False
    if entry["pci"]:
        return component.pci == entry["pci"] or component.pci.startswith(f"{entry['pci']}:")
    return matches(entry["model"], component.name)


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern; `*` stands for any text, case and blanks do not matter."""
    plain = " ".join(text.casefold().split())
    first, *rest = " ".join(pattern.casefold().split()).split("*")
    if not rest:
        return plain == first
    last = rest.pop()
    if not plain.startswith(first) or not plain.endswith(last):
        return False
    at, end = len(first), len(plain) - len(last)
    for piece in rest:
        found = plain.find(piece, at, max(at, end))
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end


def _kind(pci_class: str) -> str:
    return _KINDS.get(pci_class, _KINDS.get(pci_class[:2], ""))
