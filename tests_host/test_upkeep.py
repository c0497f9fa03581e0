"""Host preconditions in dom0: the updates that xapi speaks of are there."""

from typing import Any

from fixtures.contract import check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import PATCHES, UPDATES
from fixtures.releases import SourceRelease
from fixtures.settings import Settings
from rules.added_by_hand import CRONTABS, added_crontabs
from rules.hotfixes import generation
from rules.listing import listed
from rules.update_locks import LOCKS, held_locks
from rules.update_states import absent_in_dom0


@check("HOST-HOTFIX-02", warning, probes=(PATCHES, UPDATES))
def test_dom0_has_what_xapi_takes_for_applied(
    host: Host, source: SourceRelease, dom0: Any, evidence: Evidence
) -> None:
    """What xapi records as applied to the host is recorded in its dom0 as well.

    Why: xapi's record alone can outlive the files, for example after a restore of the database or
        a new installation; then the host lacks what everybody believes it has.
    Source: xapi, ocaml/xapi/xapi_globs.ml (host_update_dir) and xapi_pool_patch.ml.
    Remedy: compare the folder in dom0 with xapi's record, and apply again what is missing in dom0.
    Risk: host outage; applying again may ask for a restart of the host.
    """
    kind = generation(source)
    if kind in ("synced", "packages"):
        not_applicable(f"{source.name} is not updated by single hotfixes")
    found = absent_in_dom0(host, kind, dom0)
    evidence(absent=found)
    old = kind == "patches"
    evidence.remedy("ls", "/var/patch/applied" if old else "/var/update/applied")
    what = f"param-name={'patches' if old else 'updates'}"
    evidence.remedy("xe", "host-param-get", f"uuid={host.uuid}", what)

    assert not found, (
        f"host {host.title}: applied updates - expected: in dom0 as in xapi, "
        f"found: not in dom0 {listed(found)}"
    )


@check("HOST-UPDATER-01", warning, probes=(LOCKS,))
def test_no_update_holds_a_lock(host: Host, dom0: Any, evidence: Evidence) -> None:
    """No update of packages runs in dom0, and none left its lock behind.

    Why: while a lock is held, or was left by an update that died, every further update is refused
        because the updater is said to be busy; Xen Orchestra's rolling update then stops half-way.
    Source: XCP-ng documentation, Common problems (The updater plugin is busy); yum.
    Remedy: wait for the update; only if none runs (`ps -ef | grep -e yum -e updater` in dom0),
        remove the files named.
    Risk: change; a lock removed while an update runs leaves packages half replaced.
    """
    held = held_locks(dom0)
    evidence(held=held)
    evidence.remedy("rm", *held)

    assert not held, (
        f"host {host.title}: update locks - expected: none held, found: {', '.join(held)}"
    )


@check("HOST-CUSTOM-01", warning, probes=(CRONTABS,))
def test_no_work_was_scheduled_by_hand(
    host: Host, dom0: Any, settings: Settings, evidence: Evidence
) -> None:
    """No work was scheduled in dom0 by hand.

    Why: the installer writes a new dom0; crontabs and the scripts that they call are not carried
        over, and are missed only when a script does not run.
    Source: XCP-ng documentation, After the upgrade; host-installer, upgrade.py (what is restored).
    Remedy: note how each table comes back, and copy scripts away before the change; the previous
        dom0 stays on the backup partition until the next upgrade.
    Risk: none; files are only copied.
    """
    if settings.phase == "after":
        not_applicable("the host was upgraded already")
    found = added_crontabs(dom0)
    evidence(scheduled=found)
    evidence.remedy("tail", "-n", "+1", *found[:20])
    if found:
        evidence.weigh(info, because="the upgrade itself goes on without it")

    assert not found, (
        f"host {host.title}: scheduled work - expected: the platform's own, found: {listed(found)}"
    )
