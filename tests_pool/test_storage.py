"""SR preconditions: attached where it must be, and of a type that the target knows."""

from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.model import SR
from fixtures.releases import Release
from rules.confidence import lighter
from rules.storage import judge_storage


@check("POOL-STORAGE-01", blocker)
def test_sr_is_attached_and_supported(
    sr: SR, chosen_target: Release | None, possible_targets: str, evidence: Evidence
) -> None:
    """The SR is attached wherever it must be, and the target supports its type.

    Why: a VM cannot move to a host that does not see its disks, and an SR whose driver the target
        no longer has is not there after the upgrade.
    Source: xenadmin, XenAdmin/Diagnostics/Checks (PBDsPlugged); sm, drivers/; xapi,
        ocaml/xapi/xapi_host.ml.
    Remedy: repair the connection on each host named (`xe pbd-plug uuid=...`; where a host has none,
        `xe pbd-create host-uuid=... sr-uuid={sr.uuid} device-config:...` as on the other hosts: `xe
        pbd-list sr-uuid={sr.uuid}`); move what lies on an SR of a type that the target does not
        support.
    Risk: change; attaching touches no data; moving disks takes time.
    """
    found = judge_storage(sr, chosen_target, possible_targets)
    evidence(type=sr.type, shared=sr.shared, detached_on=found.detached, needed_by=found.users)
    evidence(
        target=chosen_target and chosen_target.id,
        type_source=found.type_source,
        unknown=found.unknown,
    )
    for pbd in found.unplugged:
        evidence.remedy("xe", "pbd-plug", f"uuid={pbd.uuid}")
    if why := lighter(found.problems):
        evidence.weigh(warning, why)
    wanted = "every host" if sr.shared else "its host"

    assert not found.problems, (
        f"SR {sr.title}: storage - expected: attached on {wanted}, of a type that the target "
        f"supports, found: {'; '.join(problem.words for problem in found.problems)}"
    )
