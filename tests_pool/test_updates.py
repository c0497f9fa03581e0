"""Preconditions of pool and hosts: updates are on all hosts or none; supplemental packs."""

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, Pool
from fixtures.releases import Release, SourceRelease
from fixtures.settings import Settings
from rules.hotfixes import generation
from rules.update_states import (
    container_objection,
    packs_of,
    unfinished_commands,
    unfinished_updates,
)
from rules.wizard_hotfix import has_hotfix, wanted_hotfix


@check("POOL-HOTFIX-01", warning)
def test_updates_are_on_all_hosts(pool: Pool, source: SourceRelease, evidence: Evidence) -> None:
    """Every hotfix or update that the pool knows is on all hosts.

    Why: one that was uploaded and applied nowhere shows as pending for ever and, if it is of
        another release, can never be applied; one on some hosts only was left half-done.
    Source: xapi, ocaml/xapi/xapi_pool_update.ml and xapi_pool_patch.ml.
    Remedy: apply it to the hosts that lack it, or remove it where no host has it: update-apply and
        update-destroy, up to 7.0 patch-apply and patch-destroy.
    Risk: host outage; most updates ask for a restart of the host; removing one costs nothing.
    """
    kind = generation(source)
    if kind in ("synced", "packages"):
        not_applicable(f"{source.name} is not updated by single hotfixes")
    found = unfinished_updates(pool.facts, kind)
    evidence(unfinished=found)
    for command in unfinished_commands(pool.facts, kind):
        evidence.remedy(*command)

    assert not found, (
        f"pool {pool.title}: updates - expected: each on all hosts, found: {'; '.join(found)}"
    )


@check("HOST-PACKS-01", warning)
def test_supplemental_packs_are_replaced(
    host: Host, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """The host has no supplemental pack or driver disk that the upgrade takes away.

    Why: the installer writes a new dom0 without the packs; what depends on one, a driver before
        all, is gone until the pack of the target is installed, and an old pack fails its
        dependency check there.
    Source: host-installer, backend.py; xenadmin, XenAdmin/Diagnostics/Checks
        (PoolContainerManagementCheck).
    Remedy: for each pack named, get the one for the target and add it during the installation, or
        note that nobody needs it.
    Risk: change; a pack is added while its host is upgraded.
    """
    if settings.phase == "after":
        not_applicable("the host was upgraded already: what it has now was added since")
    packs = packs_of(host)
    containers = container_objection(host, target)
    words = [pack.name for pack in packs]
    evidence(packs=words, containers=containers and containers.words)
    if containers:
        words.append(containers.words)

    assert not words, (
        f"host {host.title}: supplemental packs - expected: none that the upgrade takes away, "
        f"found: {'; '.join(words)}"
    )


@check("HOST-RPUHOTFIX-01", warning)
def test_wizard_finds_its_hotfix(
    host: Host, target: Release, source: SourceRelease, settings: Settings, evidence: Evidence
) -> None:
    """The host carries the hotfix that XenCenter's rolling upgrade wizard needs.

    Why: the wizard's automatic mode does not go on without it and wants to apply it first, in the
        change window; manual mode leaves out the checks that rest on it.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/HostHasHotfixCheck.cs and Hotfixing.
    Remedy: apply the hotfix named before the change; XenCenter brings it and offers to apply it, or
        by hand once it has been uploaded.
    Risk: host outage; the hotfix may ask for a restart of the host.
    """
    if settings.no_xencenter or settings.method != "rolling" or settings.phase == "after":
        not_applicable("XenCenter's rolling upgrade wizard will not be used")
    if not target.managed_by_xencenter.value or target.brand != "xenserver":
        not_applicable(f"XenCenter does not upgrade hosts to {target.name}")
    wanted = wanted_hotfix(source) if source.brand == "xenserver" else None
    if wanted is None:
        not_applicable(f"the wizard needs no hotfix on {source.name}")
    there = has_hotfix(host, wanted)
    old = generation(source) == "patches"
    what = "patch" if old else "update"
    on = f"host-uuid={host.uuid}" if old else f"host={host.uuid}"
    evidence.remedy("xe", f"{what}-upload", "file-name=...")
    evidence.remedy("xe", f"{what}-apply", f"uuid={wanted.uuid}", on)
    evidence(hotfix=wanted.name, uuid=wanted.uuid, there=there)

    assert there, (
        f"host {host.title}: hotfix {wanted.name} - expected: applied, found: missing "
        f"({wanted.uuid})"
    )
