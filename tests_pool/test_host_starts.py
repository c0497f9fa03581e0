"""Host preconditions that the XenAPI knows: the last start, and the firmware that starts."""

from datetime import timedelta

from fixtures.contract import check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.settings import Settings
from rules.starts import RESTARTED, firmware, start_took, started, usual_firmware


@check("HOST-UPTIME-01", warning)
def test_host_has_been_restarted_lately(host: Host, settings: Settings, evidence: Evidence) -> None:
    """The host has been restarted not too long ago.

    Why: what was changed since its last start (storage targets, firmware, boot files) is first tried
        by the reboot of the upgrade; whatever fails then looks like a failure of the upgrade.
    Source: xcp-ng/xcp, issue 128; docs.xenserver.com, advice to reboot hosts before an upgrade.
    Remedy: rehearse: `xe host-disable uuid={host.uuid}`, `xe host-evacuate uuid={host.uuid}`, `xe
        host-reboot uuid={host.uuid}`; then look whether all storage came back (`xe pbd-list
        host-uuid={host.uuid}`), and `xe host-enable uuid={host.uuid}`.
    Risk: host outage; its VMs move away live before.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has restarted the host")
    boot = started(host, "boot_time")
    up = host.facts.now - boot
    evidence(boot_time=boot, up_days=up.days, limit_days=settings.uptime_days)

    assert up <= timedelta(days=settings.uptime_days), (
        f"host {host.title}: last restart - expected: at most {settings.uptime_days} days ago, "
        f"found: {up.days} days ago"
    )


@check("HOST-BOOTTIME-01", warning)
def test_host_starts_in_time(host: Host, settings: Settings, evidence: Evidence) -> None:
    """The last start of the host took no longer than a tool waits for it.

    Why: Xen Orchestra and XenCenter give up, or stop to ask, after some twenty minutes; a rolling
        upgrade then stands still with a host in maintenance. After a restart of the toolstack
        nobody knows any more how long the start took; that is noted for the plan.
    Source: docs.xen-orchestra.com, rolling pool update; xenadmin, RebootPlanAction.cs.
    Remedy: plan more time for this host (`systemd-analyze blame` in dom0 says what took long), let
        its firmware skip tests of memory and unused boot devices, and prolong the tool's timeout.
    Risk: none; it is for the plan.
    """
    took = start_took(host)
    minutes = int(took.total_seconds()) // 60
    evidence(minutes_to_toolstack=minutes, limit_minutes=settings.boot_minutes)
    slow = f"{minutes} minutes" if took > timedelta(minutes=settings.boot_minutes) else ""
    if took > RESTARTED:
        slow = "not known, for its toolstack was restarted since"
        evidence.weigh(info, "the toolstack was restarted since the start of the host")

    assert not slow, (
        f"host {host.title}: last start - expected: at most {settings.boot_minutes} minutes, "
        f"found: {slow}"
    )


@check("HOST-FIRMWARE-01", warning)
def test_firmware_is_the_usual_one(host: Host, evidence: Evidence) -> None:
    """The host has the BIOS version that the other hosts of its model have.

    Why: a release that starts on one host may not start on another whose firmware is older, and
        processors may show other features; what was tried on one says nothing of the others.
    Source: docs.xenserver.com, system requirements and hardware compatibility.
    Remedy: bring the firmware to one version before the upgrade, not during it, with the host
        empty: `xe host-disable uuid={host.uuid}`, `xe host-evacuate uuid={host.uuid}`; `dmidecode
        -s bios-version` in dom0 shows it.
    Risk: host outage; the host restarts for its firmware.
    """
    model, version = firmware(host)
    usual = usual_firmware(host)
    evidence(model=model, bios_version=version, usual=usual)

    assert usual == (version,), (
        f"host {host.title}: BIOS - expected: the same on all hosts of the model {model}, "
        f"found: {version}, usual is {' or '.join(usual)}"
    )
