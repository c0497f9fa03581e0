"""How an SR is used: fill, logins, places that an upgrade erases, unfinished garbage collection."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PBD, SR, VM, Host, Pool, PoolFacts, Ref
from fixtures.times import moment
from fixtures.xenapi_reading import MESSAGES, RECENT
from rules.listing import listed
from rules.once_per_pool import once_per_pool
from rules.processes import storage_work

COALESCE_FAILED: Final = "LEAF_COALESCE_FAILED"
UNSIZED: Final = frozenset({"iso", "udev", "iscsi", "hba", "rawhba"})
"""Types whose size says nothing about room for images: CDs, and LUNs that are images."""

_MOMENTARY: Final = frozenset({"scan", "update"})  # what xapi itself does every few minutes
_CHAP: Final = ("chapuser", "chappassword", "incoming_chapuser", "incoming_chappassword")
_TOOLS_FOLDER: Final = re.compile(r"/(?:opt/xensource/packages|usr/share/xapi)/.*")
# A folder inside another SR stays where that SR stays.
_IN_SR: Final = ("/run/sr-mount/", "/var/run/sr-mount/")


def connections(sr: SR) -> tuple[PBD, ...]:
    """How the hosts reach an SR.

    Raises:
        NotVerifiedError: none does, so that nobody says where and what it is.
    """
    if not sr.pbds:
        raise NotVerifiedError("no host has a connection to the SR")
    return sr.pbds


def fill(sr: SR) -> float:
    """Percent of the SR in use.

    Raises:
        NotVerifiedError: sizes that make no sense.
    """
    used, size = sr.physical_utilisation, sr.physical_size
    if used < 0 or size <= 0:
        raise NotVerifiedError(f"the size of the SR is not known: {used} of {size} bytes")
    return 100.0 * used / size


def login_differences(sr: SR) -> tuple[str, ...]:
    """How the hosts' iSCSI logins differ: CHAP settings made, and numbers of sessions.

    Whether the secrets themselves are the same is never looked at.
    """
    chap: dict[str, list[str]] = {}
    sessions: dict[str, list[str]] = {}
    for pbd in connections(sr):
        host = sr.facts.get(Host, pbd.host).title
        made = [key for key in _CHAP if pbd.device_config.get(key)]
        chap.setdefault(", ".join(made) or "no CHAP", []).append(host)
        if count := pbd.other_config.get("iscsi_sessions"):
            sessions.setdefault(f"{count} sessions", []).append(host)
    return tuple(_ways(found) for found in (chap, sessions) if len(found) > 1)


def _ways(found: Mapping[str, list[str]]) -> str:
    return ", ".join(f"{what} on {listed(sorted(hosts))}" for what, hosts in sorted(found.items()))


def root_places(sr: SR) -> tuple[str, ...]:
    """Folders of dom0's root file system that hold the SR, as `host: folder`.

    Raises:
        NotVerifiedError: a connection of an SR that lies in a folder does not say where.
    """
    found = []
    for pbd in connections(sr):
        config = pbd.device_config
        if sr.type == "iso" and config.get("legacy_mode", "false") != "true":
            continue
        place = config.get("location", "")
        if not place:
            raise NotVerifiedError("a connection of the SR does not say in which folder it lies")
        if place.startswith("/") and not f"{place}/".startswith(_IN_SR):
            found.append(f"{sr.facts.get(Host, pbd.host).title}: {place}")
    return tuple(sorted(found))


def is_tools(sr: SR) -> bool:
    """Whether it holds the guest tools, which every release brings itself."""
    if sr.has("is_tools_sr"):
        return sr.is_tools_sr
    marked = sr.other_config.get("xenserver_tools_sr") == "true"
    places = [pbd.device_config.get("location", "") for pbd in connections(sr)]
    return marked and all(_TOOLS_FOLDER.fullmatch(place) for place in places)


def failed_coalesces(facts: PoolFacts, days: int) -> tuple[datetime, ...]:
    """When xapi was told, within so many days, that snapshots could not be merged.

    Raises:
        NotVerifiedError: the messages were not read, or one of them cannot be.
    """
    said = facts.answer(MESSAGES, Ref(RECENT))
    if not isinstance(said, Mapping):
        raise NotVerifiedError("the recent messages cannot be read")
    since = facts.now - timedelta(days=days)
    found = [moment(_message(m).get("timestamp")) for m in said.values() if _is_failure(m)]
    return tuple(sorted(when for when in found if when >= since))


def _message(record: Any) -> Mapping[str, Any]:
    if not isinstance(record, Mapping) or not isinstance(record.get("name"), str):
        raise NotVerifiedError("a recent message cannot be read: it has no name")
    return record


def _is_failure(record: Any) -> bool:
    return bool(_message(record)["name"] == COALESCE_FAILED)


def coalesce_signs(facts: PoolFacts, days: int, dom0_of: Callable[[Host], Any]) -> tuple[str, ...]:
    """Signs of merges: processes in dom0, operations on SRs, and messages of failures.

    Raises:
        NotVerifiedError: one of the three is not known.
    """
    found = []
    for host in facts.hosts:
        names = storage_work(dom0_of(host))
        found += [f"{name} runs on {host.title}" for name in names]
    for sr in facts.srs:
        if operations := sorted({*sr.current_operations.values()} - _MOMENTARY):
            found.append(f"{listed(operations)} of SR {sr.title}")
    if failed := failed_coalesces(facts, days):
        found.append(f"{len(failed)} failed, the last on {failed[-1].date().isoformat()}")
    return tuple(found)


def default_sr_problem(pool: Pool) -> str:
    """What is wrong with the default SR; empty if nothing is."""
    sr = pool.facts.find(SR, pool.default_SR) if pool.default_SR else None
    if sr is None:
        return "none"
    return "" if sr.shared or len(pool.hosts) == 1 else f"{sr.title}, which is local"


def file_system_problems(sr: SR, mounts_of: Callable[[Host], str]) -> tuple[str, ...]:
    """On which hosts an SR of type file lies on ZFS, or in a folder where nothing is mounted."""
    found = []
    for pbd in connections(sr):
        host, folder = sr.facts.get(Host, pbd.host), pbd.device_config.get("location", "")
        if not folder.startswith("/"):
            raise NotVerifiedError("a connection of the SR does not say in which folder it lies")
        place, kind = file_system_of(mounts_of(host), folder)
        if kind == "zfs":
            found.append(f"ZFS at {place} on {host.title}")
        elif place == "/":
            found.append(f"nothing mounted at {folder} on {host.title}")
    return tuple(sorted(found))


def vms_with_snapshots(sr: SR) -> tuple[VM, ...]:
    """The VMs that have a snapshot and a disk in the SR."""
    return tuple(sr.facts.get(VM, vm) for vm in _with_snapshots(sr.facts).get(sr.ref, ()))


@once_per_pool
def _with_snapshots(facts: PoolFacts) -> dict[Ref, list[Ref]]:
    """SR -> the VMs that have a snapshot and a disk in it."""
    found: dict[Ref, list[Ref]] = {}
    for vm in facts.vms:
        if vm.snapshots:
            for sr in dict.fromkeys(disk.SR for disk in vm.disks):
                found.setdefault(sr, []).append(vm.ref)
    return found


def file_system_of(mounts: str, folder: str) -> tuple[str, str]:
    """Mount point and kind of the file system that holds a folder, by /proc/mounts.

    Raises:
        NotVerifiedError: it is not the list of mounts.
    """
    points: dict[str, str] = {}
    for line in mounts.splitlines():
        words = line.split()
        if len(words) != 6 or not words[1].startswith("/"):
            raise NotVerifiedError("the list of mounts cannot be read: a line is not a mount")
        points[words[1].replace("\\040", " ")] = words[2]
    holding = [p for p in points if f"{folder.rstrip('/')}/".startswith(f"{p.rstrip('/')}/")]
    if "/" not in holding:
        raise NotVerifiedError("the list of mounts cannot be read: / is not on it")
    place = max(holding, key=len)
    return place, points[place]
