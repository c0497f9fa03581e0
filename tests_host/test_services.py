"""Host preconditions in dom0: its services run."""

from typing import Any

from fixtures.contract import check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.releases import SourceRelease
from fixtures.settings import Settings
from rules.listening import LISTENING, TLS_PORT, listening_ports
from rules.listing import listed
from rules.services import (
    SERVICES,
    added_services,
    failed_besides,
    has_systemd,
    not_running,
    services,
)

_NO_SYSTEMD = "{} has no systemd, and scripts of its services cannot be asked without running them"


@check("HOST-SERVICES-01", warning, probes=(SERVICES,))
def test_toolstack_runs(host: Host, source: SourceRelease, dom0: Any, evidence: Evidence) -> None:
    """The services of the toolstack run, and no other service of dom0 has failed.

    Why: without them the host's VMs can neither be moved nor started, its networks and disks not be
        set up; what fails before the change is taken for its consequence afterwards.
    Source: xapi, scripts (xe-toolstack-restart and its systemd units); xcp-ng/xcp issue 361.
    Remedy: `systemctl status ...` and `journalctl -u ...` in dom0 say why; `xe-toolstack-restart`
        starts the toolstack again without touching VMs.
    Risk: change; VMs go on, tasks under way are lost with the toolstack's restart.
    """
    if not has_systemd(source):
        not_applicable(_NO_SYSTEMD.format(source.name))
    known = services(dom0)
    stopped, failed = not_running(known), failed_besides(known)
    evidence(services=len(known), not_running=stopped, failed_besides=failed)
    if failed and not stopped:
        evidence.weigh(info, because="the toolstack itself runs")
    problems = (*stopped, *failed)
    for name in [problem.partition(" ")[0] for problem in problems[:8]]:
        evidence.remedy("systemctl", "status", name)
        evidence.remedy("journalctl", "-u", name)

    assert not problems, (
        f"host {host.title}: services - expected: the toolstack running and none failed, "
        f"found: {listed(problems, most=8)}"
    )


@check("HOST-SERVICES-03", warning, probes=(LISTENING,))
def test_tls_proxy_listens(host: Host, dom0: Any, evidence: Evidence) -> None:
    """The TLS proxy in front of xapi takes connections.

    Why: without it neither clients nor the other hosts reach the host, as after upgrades to 8.1; a
        member is then lost to its pool, a coordinator takes the whole pool with it.
    Source: xapi, xapissl and stunnel@xapi.service; xcp-ng/xcp issue 361.
    Remedy: `xe-toolstack-restart` in dom0; if the port stays closed, `/var/log/secure` and
        `journalctl -u stunnel@xapi` say why, often a certificate that cannot be read.
    Risk: change; VMs go on, tasks under way are lost with the toolstack's restart.
    """
    ports = listening_ports(dom0)
    evidence(ports=sorted(ports)[:50], port=TLS_PORT)

    assert TLS_PORT in ports, (
        f"host {host.title}: TLS proxy - expected: listening on port {TLS_PORT}, found: not"
    )


@check("HOST-SERVICES-02", warning, probes=(SERVICES,))
def test_no_service_was_added(
    host: Host, source: SourceRelease, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """No service was added to dom0 by hand.

    Why: the installer writes a new dom0; unit files in /etc/systemd/system are not carried over,
        and are missed only when monitoring or backup does not come back.
    Source: host-installer, upgrade.py (what is restored).
    Remedy: note how each service comes back, and copy the unit files and programs away that
        systemctl names.
    Risk: none; files are only copied.
    """
    if settings.phase == "after":
        not_applicable("the host was upgraded already")
    if not has_systemd(source):
        not_applicable(_NO_SYSTEMD.format(source.name))
    found = added_services(services(dom0))
    evidence(added=found)
    evidence.remedy("systemctl", "cat", *found[:20])
    if found:
        evidence.weigh(info, because="the upgrade itself goes on without it")

    assert not found, f"host {host.title}: added services - expected: none, found: {listed(found)}"
