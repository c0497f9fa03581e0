"""After the upgrade: SRs are attached where they were, over as many paths."""

from fixtures.baseline import Baseline
from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import SR, PoolFacts
from fixtures.settings import Settings
from rules.listing import listed
from rules.multipath import paths_of
from rules.survival import AS_BEFORE, before, former
from rules.survival_presence import DATALESS
from rules.survival_storage import detached_since, lost_paths


@check("AFTER-SR-ATTACHED-01", blocker)
def test_sr_is_attached_where_it_was(
    sr: SR, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the SR is attached on every host on which it was.

    Why: VMs whose disks lie there start on no such host, and none can move there when another fails.
    Source: xapi, ocaml/xapi/xapi_pbd.ml; sm, drivers/.
    Remedy: find out why it does not attach (`less /var/log/SMlog` in dom0 of the host), and attach
        it again: `xe pbd-plug uuid=...`; `xe pbd-create host-uuid=... sr-uuid={sr.uuid}
        device-config:...` with the settings of other hosts where there is none.
    Risk: change; attaching touches no data.
    """
    found = detached_since(sr, former(sr, before(baseline, settings, facts)), settings)
    evidence(type=sr.type, detached_on=[host for host, _ in found])
    for _, pbd in found:
        if pbd is not None:
            evidence.remedy("xe", "pbd-plug", f"uuid={pbd.uuid}")
    if found and sr.type in DATALESS:
        evidence.weigh(warning, "no disk of a VM lies on an SR of such a type")

    assert not found, (
        f"SR {sr.title}: attached - expected: {AS_BEFORE}, "
        f"found: no longer on {listed([host.title for host, _ in found])}"
    )


@check("AFTER-SR-PATHS-01", warning)
def test_sr_has_its_paths(
    sr: SR, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade every host reaches the SR over as many paths as before.

    Why: a restart begins a new count of paths, so one that did not come back is only missed in
        comparison; the next failure then takes the disks away.
    Source: sm, drivers/mpath_dmp.py and mpathcount.py.
    Remedy: look at `multipath -ll` in dom0 and at zoning, cables and portals of the path.
    Risk: change; the other paths carry on meanwhile.
    """
    old = former(sr, before(baseline, settings, facts))
    counted = paths_of(old)
    if not counted:
        not_applicable("before the upgrade it was not reached over several paths")
    found = lost_paths(sr, old)
    evidence(paths=paths_of(sr), before=counted)

    assert not found, f"SR {sr.title}: paths - expected: {AS_BEFORE}, found: {listed(found)}"
