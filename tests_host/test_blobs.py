"""Host preconditions in dom0: xapi's messages and blobs."""

from typing import Any

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import BLOBS_XAPI, BLOBS_XCP, Probe
from fixtures.settings import Settings
from rules.blobs import Printed, parse_folder, together

_LOCATIONS = (BLOBS_XCP, BLOBS_XAPI)
_PROBES = tuple(
    probe for at in _LOCATIONS for probe in (at.present, at.kilobytes, at.messages, at.oldest)
)


@check("HOST-BLOBS-01", warning, probes=_PROBES)
def test_messages_are_cleaned_up(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """Old messages and blobs have been cleaned up.

    Why: the installer copies xapi's blobs twice, and the coordinator reads, and may rewrite, every
        stored message at its first start after the upgrade: thousands of them make a long outage.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, xapi_db_upgrade.ml.
    Remedy: keep a copy (`xe message-list > messages.txt`), then let xapi delete all of them, never
        rm, for it keeps several names of each: `for m in $(xe message-list --minimal | tr , ' '); do
        xe message-destroy uuid=$m; done`; the other hosts follow with the next daily copy.
    Risk: change; the messages are gone, but for the copy.
    """
    found = together(
        parse_folder(
            at.root,
            _printed(dom0, at.kilobytes),
            _printed(dom0, at.messages),
            _printed(dom0, at.oldest),
        )
        for at in _LOCATIONS
        if dom0.file(at.root).exists
    )
    evidence(folder=found.path, messages=found.messages, mib=found.kib >> 10, oldest=found.oldest)
    evidence(limit_messages=settings.blobs_count, limit_mib=settings.blobs_mib)
    small = found.messages <= settings.blobs_count and found.kib <= settings.blobs_mib << 10

    assert small, (
        f"host {host.title}: messages and blobs - expected: at most {settings.blobs_count} "
        f"messages and {settings.blobs_mib} MiB, found: {found.words}"
    )


def _printed(dom0: Any, probe: Probe) -> Printed:
    answer = dom0.run(probe.command)
    return Printed(str(answer.stdout), str(answer.stderr))
