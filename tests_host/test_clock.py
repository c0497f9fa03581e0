"""Host preconditions: the clocks of the members."""

from typing import Any

from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import CHRONY, NTP
from fixtures.settings import Settings
from rules.clocks import clock_objections, clock_of, time_source_objection
from rules.confidence import Objection, lighter


@check("HOST-TIME-01", blocker, probes=(CHRONY, NTP))
def test_clock_is_right(host: Host, settings: Settings, dom0: Any, evidence: Evidence) -> None:
    """The clock of the host agrees with those of the others, and follows a source of time.

    Why: xapi complains of members whose clocks are more than 300 s apart, and its sessions, leases
        of storage and the certificates of its connections are judged by them; less is a warning.
    Source: xapi, ocaml/xapi/xapi_globs.ml (max_clock_skew); xen-orchestra, host clock warning.
    Remedy: correct the time servers of dom0 (`/etc/ntp.conf`, `/etc/chrony.conf`), restart the time
        service (`systemctl restart chronyd`, on older releases `systemctl restart ntpd`), and look
        again once `chronyc tracking` or `ntpq -pn` shows a source.
    Risk: change; a clock that jumps far ends sessions and leases: have it corrected while the host
        is empty.
    """
    clock = clock_of(host)
    evidence(ahead_s_least=clock.least, ahead_s_most=clock.most, limit_s=settings.clock_seconds)
    found = list(clock_objections(host, settings.clock_seconds))
    if unfollowed := time_source_objection(dom0):
        found.append(Objection(unfollowed, "the clock is still right"))
    evidence(time_source=unfollowed or "followed")
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"host {host.title}: clock - expected: within {settings.clock_seconds} s, following a "
        f"source of time, found: {'; '.join(objection.words for objection in found)}"
    )
