"""After the upgrade, in dom0: the partition layout that was meant, and the CAs that were added."""

from typing import Any

from fixtures.baseline import Baseline
from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, PoolFacts
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.disk_reading import LAYOUT_PROBES, layout
from rules.listing import listed
from rules.survival import AS_BEFORE, before, former_dom0, former_host, stated_layout
from rules.survival_hosts import expected_layout
from rules.trust import ANCHORS, added_authorities


@check("AFTER-HOST-LAYOUT-01", warning, probes=LAYOUT_PROBES)
def test_layout_is_what_was_meant(
    host: Host,
    dom0: Any,
    baseline: Baseline | None,
    facts: PoolFacts,
    chosen_target: Release | None,
    settings: Settings,
    evidence: Evidence,
) -> None:
    """After the upgrade the host has the partition layout that the upgrade was to leave.

    Why: where an old layout was switched although it was to be kept, what lay on the local SR is
        gone; where it was to be switched and was not, logs still share the root file system.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; host-installer, backend.py.
    Remedy: look whether the local SR and its disks are there (`lsblk -f` in dom0); to switch later,
        empty the host, eject it (`xe pool-eject host-uuid={host.uuid}`), install it afresh and let
        it join again.
    Risk: data loss; ejecting and installing afresh erases the host's local SRs; looking costs
        nothing.
    """
    old = former_host(host, before(baseline, settings, facts), settings)
    was = layout(former_dom0(baseline, old))
    wanted = expected_layout(was, chosen_target, settings, stated_layout(baseline))
    now = layout(dom0)
    evidence(layout=now.name, signs=now.witnesses, before=was.name, expected=wanted)

    assert now.generation == wanted, (
        f"host {host.title}: partition layout - expected: {wanted}, found: {now.name}, "
        f"before the upgrade {was.name}"
    )


@check("AFTER-HOST-CA-01", warning, probes=(ANCHORS,))
def test_added_authorities_are_back(
    host: Host,
    dom0: Any,
    baseline: Baseline | None,
    facts: PoolFacts,
    settings: Settings,
    evidence: Evidence,
) -> None:
    """After the upgrade dom0 trusts every CA that was added to it before.

    Why: the installer writes a new dom0 without them; proxies, mirrors and backup servers whose
        certificates such a CA signed are no longer trusted.
    Source: host-installer, upgrade.py (what is restored); update-ca-trust(8).
    Remedy: copy the files back to the folder of before on every host, and run `update-ca-trust
        extract` there.
    Risk: change; only the trust of dom0's own programs grows.
    """
    old = former_host(host, before(baseline, settings, facts), settings)
    there = added_authorities(dom0)
    lost = [name for name in added_authorities(former_dom0(baseline, old)) if name not in there]
    evidence(added=list(there), lost=lost)

    assert not lost, (
        f"host {host.title}: added CA certificates - expected: {AS_BEFORE}, "
        f"found: lost {listed(lost)}"
    )
