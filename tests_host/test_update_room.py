"""Host preconditions in dom0: room for updates that are still to be applied."""

from typing import Any

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import SPACE
from fixtures.releases import SourceRelease
from rules.disk_reading import usage
from rules.file_systems import mounted_on
from rules.hotfixes import generation
from rules.update_room import in_mib, missing_updates


@check("HOST-ROOM-01", warning, probes=(SPACE,))
def test_updates_have_room(
    host: Host, source: SourceRelease, dom0: Any, evidence: Evidence
) -> None:
    """The root file system has room for the updates that the pool knows and this host lacks.

    Why: an update that runs out of room leaves the host half patched, and XenCenter does not start
        updates there. Nobody has to apply them before the upgrade, so this warns.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/DiskSpaceForAutomatedUpdatesCheck.cs.
    Remedy: make room as HOST-SPACE-01 says (`du -xk / | sort -n | tail -n 30` in dom0), or remove
        the updates that nobody will apply (update-destroy, up to 7.0 patch-destroy).
    Risk: data loss; what is removed is gone: know each file first.
    """
    kind = generation(source)
    if kind in ("synced", "packages"):
        not_applicable(f"{source.name} fetches packages; HOST-SPACE-01 asks for room")
    missing = missing_updates(host, kind)
    needed = in_mib(sum(missing.values()))
    free = max(mounted_on(usage(dom0), "/").available // 1024, 0)
    evidence(missing=sorted(missing), needed_mib=needed, free_mib=free)
    listing = "patch-list" if kind == "patches" else "update-list"
    evidence.remedy("xe", listing, "params=uuid,name-label,hosts")

    assert needed <= free, (
        f"host {host.title}: room for updates - expected: {needed} MiB for "
        f"{', '.join(sorted(missing))}, found: {free} MiB free on /"
    )
