"""Host preconditions that the XenAPI knows: members are up, and nothing waits for a restart."""

from collections.abc import Callable
from typing import Any

from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import REBOOT_MARKER
from fixtures.releases import SourceRelease
from rules.restarts import INSTALL_TIMES, pending, xapi_marker


@check("HOST-LIVE-01", blocker, waivable=False)
def test_host_is_live_and_enabled(host: Host, evidence: Evidence) -> None:
    """The host is live, enabled and not in maintenance mode.

    Why: VMs cannot be evacuated to a host that is away or disabled, and what the database says of a
        dead host is old.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/HostLivenessCheck.cs.
    Remedy: bring the host back, end its maintenance in XenCenter, or `xe host-enable
        uuid={host.uuid}`; a host that will not come back is removed from the pool before.
    Risk: change; the host takes VMs again.
    """
    live, enabled = host.measured.live, host.enabled
    maintenance = host.other_config.get("MAINTENANCE_MODE", "").lower() == "true"
    evidence(live=live, enabled=enabled, maintenance_mode=maintenance)
    evidence(last_heartbeat=host.measured.last_updated)
    wrong = [
        words
        for words, holds in (
            ("not live", not live),
            ("disabled", not enabled),
            ("in maintenance mode", maintenance),
        )
        if holds
    ]

    assert not wrong, (
        f"host {host.title}: state - expected: live, enabled, not in maintenance mode, "
        f"found: {', '.join(wrong)}"
    )


@check("HOST-REBOOT-01", blocker, probes=(REBOOT_MARKER, INSTALL_TIMES))
def test_no_restart_is_pending(
    host: Host, source: SourceRelease, dom0_of: Callable[[Host], Any], evidence: Evidence
) -> None:
    """No reboot or toolstack restart is pending from an applied hotfix or update.

    Why: what runs is not what is installed: evacuation to and from the host is judged by the one,
        the upgrade starts from the other, and the pending reboot comes in the middle of the change.
    Source: xenadmin, RestartHostOrToolstackPendingOnCoordinatorCheck.cs; xapi,
        ocaml/xapi/xapi_pool_update.ml; docs.xcp-ng.org, Updates Howto.
    Remedy: empty and reboot the host, the coordinator first: `xe host-disable uuid={host.uuid}`,
        `xe host-evacuate uuid={host.uuid}`, `xe host-reboot uuid={host.uuid}`; or
        `xe-toolstack-restart` in its dom0 if only the toolstack waits.
    Risk: host outage; its VMs move away live before; a restart of the toolstack alone costs none.
    """
    found = pending(host, source, dom0_of)
    marker = xapi_marker(host, dom0_of)
    evidence(pending=found.sure, recommended=found.recommended, reboot_marker=marker)
    words = list(found.sure)
    if marker and not words:
        words.append("reboot (xapi's marker is in dom0)")
    if not words and found.recommended:
        words = list(found.recommended)
        evidence.weigh(warning, because="xapi recommends the restart, it does not demand it")

    assert not words, (
        f"host {host.title}: restart - expected: none pending, found: {', '.join(words)}"
    )
