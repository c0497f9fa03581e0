"""What of a host still waits for its reboot, or for a restart of its toolstack."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, HostPatch, PoolUpdate
from fixtures.probes import REBOOT_MARKER, Probe
from fixtures.releases import SourceRelease
from rules.disk_reading import printed
from rules.hotfixes import SYNCED_SCHEMA, generation, host_patches
from rules.listing import listed
from rules.packages import ALWAYS_INSTALLED

INSTALL_TIMES: Final = Probe(
    "rpm -qa --qf '%{INSTALLTIME}\\t%{NAME}\\n'", deadline=60, cap=1_048_576
)
"""When each package was installed: for hosts that are patched by packages alone."""

_GUIDANCES: Final = {
    "reboot_host": "reboot",
    "reboot_host_on_livepatch_failure": "reboot",
    "reboot_host_on_kernel_livepatch_failure": "reboot",
    "reboot_host_on_xen_livepatch_failure": "reboot",
    "restart_toolstack": "toolstack restart",
}
# Guidance that is about VMs, not about their host.
_OF_VMS: Final = frozenset({"restart_device_model", "restart_vm"})
_OF_PATCHES: Final = frozenset({"restartHVM", "restartPV", "restartHost", "restartXAPI"})
_STARTED: Final = {"reboot": "boot_time", "toolstack restart": "agent_start_time"}
_SECONDS = re.compile(r"[0-9]{1,11}(?:\.[0-9]{0,9})?")
_INSTALLED = re.compile(r"([0-9]{1,11})\t([^\s\x00-\x1f]{1,200})")
# Packages that take effect only then. Source: docs.xcp-ng.org, Updates Howto.
_EFFECT: Final = {
    "reboot": re.compile(r"kernel(-.*)?|xen-.*|.*microcode.*|linux-firmware|.*-modules(-.*)?"),
    "toolstack restart": re.compile(r"xapi-.*|xenopsd.*|xcp-networkd|xcp-rrdd.*|sm|squeezed"),
}


@dataclass(frozen=True, slots=True)
class Pending:
    """Restarts that are demanded, and those that xapi only recommends; each as a phrase."""

    sure: tuple[str, ...]
    recommended: tuple[str, ...] = ()


def pending(host: Host, source: SourceRelease, dom0_of: Callable[[Host], Any]) -> Pending:
    """What of a host waits for a restart, by the rules of its release's generation.

    Up to 7.0 a hotfix whose guidance asks for a restart and that was applied after the host (or its
    toolstack) last started. From 7.1 on xapi says itself which updates wait for a reboot, and knows
    of live patches. Later releases give their guidance in words. XCP-ng has its packages.

    Source: xenadmin, RestartHostOrToolstackPendingOnCoordinatorCheck.cs; xapi, xapi_pool_update.ml.

    Raises:
        NotVerifiedError: a time or a record needed is not known.
    """
    kind = generation(source)
    if kind == "patches":
        return Pending((*_since(host, "restartHost", "reboot"), *_toolstack(host)))
    if kind == "updates":
        names = sorted(
            host.facts.get(PoolUpdate, ref).name_label for ref in host.updates_requiring_reboot
        )
        return Pending((*(f"reboot for {name}" for name in names), *_toolstack(host)))
    guided = _guided(host) if source.schema_minor >= SYNCED_SCHEMA else Pending(())
    if kind == "synced" or guided.sure:
        return guided
    return Pending(_by_packages(host, dom0_of), guided.recommended)


def xapi_marker(host: Host, dom0_of: Callable[[Host], Any]) -> bool | None:
    """Whether xapi's marker of a pending reboot is in dom0; None where dom0 was not read."""
    try:
        printed(dom0_of(host), REBOOT_MARKER)
    except NotVerifiedError as cause:
        return False if "No such file or directory" in str(cause) else None
    return True


def parse_install_times(text: str) -> dict[str, datetime]:
    """Package -> when it was last installed.

    Args:
        text: what `INSTALL_TIMES` printed.

    Raises:
        NotVerifiedError: a line has another shape, or the list is not a whole dom0's.
    """
    times: dict[str, datetime] = {}
    for line in text.splitlines():
        found = _INSTALLED.fullmatch(line)
        if not found:
            raise NotVerifiedError("the times of packages cannot be read: a line is not a package")
        moment = datetime.fromtimestamp(int(found[1]), UTC)
        times[found[2]] = max(moment, times.get(found[2], moment))
    if ALWAYS_INSTALLED not in times:
        raise NotVerifiedError(
            f"the times of packages cannot be complete: {ALWAYS_INSTALLED} is missing"
        )
    return times


def _guided(host: Host) -> Pending:
    sure = _in_words(host.pending_guidances)
    weaker = (*host.pending_guidances_recommended, *host.pending_guidances_full)
    strange = {*host.pending_guidances, *weaker} - _GUIDANCES.keys() - _OF_VMS
    if strange and not sure:
        raise NotVerifiedError(
            f"host {host.title}: {', '.join(sorted(strange))} is no guidance that we know"
        )
    return Pending(sure, tuple(words for words in _in_words(weaker) if words not in sure))


def _in_words(guidances: Iterable[str]) -> tuple[str, ...]:
    known = sorted(guidance for guidance in set(guidances) if guidance in _GUIDANCES)
    return tuple(f"{_GUIDANCES[guidance]} ({guidance})" for guidance in known)


def _by_packages(host: Host, dom0_of: Callable[[Host], Any]) -> tuple[str, ...]:
    """Restarts by the times at which packages were installed.

    The update plugin records one in the XenAPI; packages updated past it are seen in dom0 alone.
    """
    booted = _moment(host, _STARTED["reboot"])
    if "rpm_patch_installation_time" in host.other_config:
        recorded = _moment(host, "rpm_patch_installation_time")
        if recorded > booted:
            return (f"reboot for packages of {recorded:%Y-%m-%d %H:%M} UTC",)
    times = parse_install_times(printed(dom0_of(host), INSTALL_TIMES))
    waiting = []
    for what, names in _EFFECT.items():
        started = _moment(host, _STARTED[what])
        late = sorted(n for n, when in times.items() if names.fullmatch(n) and when > started)
        if late:
            waiting.append(f"{what} for {listed(late)}")
    return tuple(waiting)


def _toolstack(host: Host) -> tuple[str, ...]:
    return _since(host, "restartXAPI", "toolstack restart")


def _since(host: Host, guidance: str, what: str) -> tuple[str, ...]:
    asking = [patch for patch in host_patches(host) if patch.applied and _asks(patch, guidance)]
    if not asking:
        return ()
    started = _moment(host, _STARTED[what])
    waiting = (patch for patch in asking if patch.timestamp_applied > started)
    return tuple(sorted(f"{what} for {patch.patch.name_label}" for patch in waiting))


def _asks(patch: HostPatch, guidance: str) -> bool:
    given = frozenset(patch.patch.after_apply_guidance)
    strange = given - _OF_PATCHES
    if strange and guidance not in given:
        name = patch.patch.name_label
        raise NotVerifiedError(f"{name}: {', '.join(sorted(strange))} is no guidance that we know")
    return guidance in given


def _moment(host: Host, key: str) -> datetime:
    text = host.other_config.get(key, "")
    if not _SECONDS.fullmatch(text):
        raise NotVerifiedError(f"host {host.title}: other_config {key} is not a time")
    return datetime.fromtimestamp(float(text), UTC)
