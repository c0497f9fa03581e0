"""The primary disk as the installer will find it: over one path or several, and as it was noted."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import Probe
from fixtures.releases import Release
from rules.boot import is_mapped
from rules.confidence import Objection
from rules.features import feature_objection
from rules.multipath import Paths, path_problems, read_count

NOTED: Final = Probe("grep MULTIPATHING_ENABLED /etc/firstboot.d/data/sr-multipathing.conf")
"""What the installer noted: MULTIPATHING_ENABLED='True' or 'False'."""

_LINE = re.compile(r"""MULTIPATHING_ENABLED=(['"]?)(True|False)\1""")
# Installers that compare the disk with what was noted, and stop.
_COMPARE: Final = frozenset({"xenserver-9"})
_UNCOMPARED: Final = (
    "its installer does not compare them, and may look for the disk in the wrong way"
)
_NOTES: Final = {
    True: "noted as installed with",
    False: "noted as installed without",
    None: "not noted as installed with",
}
_BOOT_PATHS = "mpath-boot"


def noted_multipath(dom0: Any) -> bool | None:
    """Whether the host was installed with multipath; None if no file says so.

    Raises:
        NotVerifiedError: the file was not read, or says neither yes nor no.
    """
    answer = dom0.run(NOTED.command)
    if answer.rc == 2 and answer.stderr.strip().endswith("No such file or directory"):
        return None
    found = {match[2] for line in answer.stdout.splitlines() if (match := _LINE.fullmatch(line))}
    if answer.rc != 0 or len(found) != 1:
        raise NotVerifiedError("dom0: whether the host was installed with multipath cannot be read")
    return found == {"True"}


def san_objections(target: Release, node: str, *, noted: bool | None) -> tuple[Objection, ...]:
    """What speaks against an upgrade with this primary disk.

    Args:
        target: the release to upgrade to.
        node: the device node of the primary disk.
        noted: whether the host was installed with multipath; None if that is not noted, which
            installers that do not compare take for no.

    Raises:
        NotVerifiedError: the target's installer compares, and there is nothing to compare with.
    """
    mapped, compares = is_mapped(node), target.id in _COMPARE
    if noted is None and compares:
        raise NotVerifiedError(
            f"the installer of {target.name} compares {node} with MULTIPATHING_ENABLED, which was "
            "not noted on this host"
        )
    found = feature_objection(target, "boot-from-san", f"boot from {node}") if mapped else None
    objections = [found] if found else []
    if mapped != bool(noted):
        words = f"{node} on a host {_NOTES[noted]} multipath"
        objections.append(Objection(words, "" if compares else _UNCOMPARED))
    return tuple(objections)


def boot_paths(host: Host, node: str) -> Paths | None:
    """The paths to the host's boot disk, as the storage manager counts them; None for a plain disk.

    Raises:
        NotVerifiedError: it is a multipath disk, and its paths were not counted.
    """
    text = host.other_config.get(_BOOT_PATHS)
    if text is not None:
        return read_count(host.title, _BOOT_PATHS, text)
    if is_mapped(node):
        raise NotVerifiedError(f"the paths to the boot disk {node} were not counted")
    return None


def boot_path_problems(host: Host, own: Paths | None) -> tuple[str, ...]:
    """What is wrong with the paths to its boot disk: dead ones, or fewer than another host has."""
    if own is None:
        return ()
    others = [other for other in host.facts.hosts if other.ref != host.ref]
    counted = [
        read_count(other.title, _BOOT_PATHS, other.other_config[_BOOT_PATHS])
        for other in others
        if _BOOT_PATHS in other.other_config
    ]
    most = max(paths.total for paths in (*counted, own))
    judged = Paths(own.host, "the boot disk", own.live, most)
    return path_problems((judged,))
