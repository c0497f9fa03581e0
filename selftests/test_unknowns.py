"""What is not known never turns green: facts are taken away one by one, and nothing may pass for it.

Three questions: does every check miss what it must rest on; does any loss at all turn a finding into a
pass; and is a word, a number or an answer of dom0 that nobody knows taken for a good one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import pytest

from fixtures import probes
from fixtures.audit import Audit
from fixtures.catalogue import discover
from fixtures.exceptions import CannotAuditError
from fixtures.judgement import judge
from fixtures.model.record import Field, Record
from fixtures.probes import Probe
from fixtures.raw import Json, RawClass, RawFacts, RawProbe
from fixtures.waivers import WaiverBook
from reports.outcome import Outcome
from rules.restarts import INSTALL_TIMES
from selftests.evacuation_pool import pool_with_vm
from selftests.faulty_pools import NOW
from selftests.faulty_pools import healthy as healthy_pool
from simpool.direct import facts_of
from simpool.faults import faults
from simpool.pools import build

CATALOGUE = discover()
CHECKS = CATALOGUE.checks
FIRST = {identifier: of_check[0] for identifier, of_check in faults().items()}
NO_WAIVERS = WaiverBook({}, ())
GREEN = {"pass", "not-applicable"}
FINDINGS = {"blocked", "warning", "not-verified"}

# What the evacuation of a VM is computed from where xapi was not asked.
COMPUTED = (
    "VM.blocked_operations", "VM.power_state", "VM.current_operations", "VM.metrics",
    "VM_metrics.nomigrate", "VM_metrics.nested_virt", "VM.HVM_boot_policy",
    "VM.guest_metrics", "VM_guest_metrics.PV_drivers_version", "VM.attached_PCIs", "VM.resident_on",
    "VM.memory_dynamic_min", "VM.memory_static_max", "VM.memory_overhead", "VM.VCPUs_max",
    "VM.hardware_platform_version", "host.virtual_hardware_platform_versions",
    "VM.last_boot_CPU_flags", "host.cpu_info", "host.capabilities", "host.enabled",
    "host.software_version", "host.metrics", "host_metrics.live", "host_metrics.memory_total",
    "VBD.VM", "VBD.VDI", "VBD.empty", "VDI.SR", "VDI.sm_config", "PBD.SR",
    "PBD.host", "PBD.currently_attached", "VIF.VM", "VIF.network",
    "PIF.host", "PIF.network", "pool.ha_enabled",
)  # fmt: skip

# Words that no release uses, or that say nothing: check, class, field, value.
STRANGE: tuple[tuple[str, str, str, Json], ...] = (
    ("VM-SUSPENDED-01", "VM", "power_state", "Hibernated"),
    ("VM-SUSPENDED-01", "VM", "power_state", ""),
    ("VM-TOOLS-01", "VM", "power_state", "Hibernated"),
    ("VM-TOOLS-01", "VM_guest_metrics", "PV_drivers_version", {}),
    ("VM-LOCAL-01", "VM", "power_state", "Hibernated"),
    ("VM-EVACUATE-01", "VM", "power_state", "Hibernated"),
    ("VM-EVACUATE-01", "VM", "resident_on", ""),
    ("POOL-SPARE-01", "VM", "resident_on", ""),
    ("POOL-SPARE-01", "host_metrics", "memory_total", "0"),
    ("POOL-SPARE-01", "VM", "memory_overhead", "0"),
    ("POOL-STORAGE-01", "SR", "type", "tape"),
    ("POOL-STORAGE-01", "SR", "type", ""),
    ("POOL-LICENCE-01", "host", "edition", ""),
    ("POOL-LICENCE-01", "host", "license_params", {}),
    ("POOL-LICENCE-01", "host", "license_params", {"expiry": "soon"}),
    ("POOL-LICENCE-01", "host", "license_params", {"restrict_rpu": "perhaps"}),
    ("POOL-LICENCE-01", "host", "license_params", {"restrict_xen_motion": "perhaps"}),
    ("POOL-PATH-01", "host", "software_version", {}),
    ("POOL-VERSION-01", "host", "software_version", {}),
    ("POOL-VERSION-01", "host", "software_version", {"product_version": "7.2.0"}),
    (
        "POOL-VERSION-01", "host", "software_version",
        {"product_version": "7.2.0", "build_number": "release/falcon/master/8"},
    ),
    ("HOST-HOTFIX-01", "host", "updates", ["OpaqueRef:nowhere"]),
    ("HOST-REBOOT-01", "host", "updates_requiring_reboot", ["OpaqueRef:nowhere"]),
    ("HOST-REBOOT-01", "pool_patch", "after_apply_guidance", ["restartRack"]),
    ("HOST-HCL-01", "host", "bios_strings", {}),
    ("HOST-LIVE-01", "host", "metrics", ""),
)  # fmt: skip

Mutation = Callable[[RawProbe], RawProbe | None]
MUTATIONS: Mapping[str, Mutation] = {
    "not collected": lambda _probe: None,
    "timeout": lambda probe: replace(probe, state="timeout", status=None, stdout=""),
    "missing": lambda probe: replace(probe, state="missing", status=None, stdout=""),
    "truncated": lambda probe: replace(probe, truncated=True),
    "empty": lambda probe: replace(probe, stdout="", stderr=""),
    "no such command": lambda probe: replace(
        probe, stdout="", stderr="sh: line 1: command not found", status=127
    ),
    "dead disk": lambda probe: replace(probe, stdout="", stderr="Input/output error", status=1),
    "garbage": lambda probe: replace(probe, stdout="\x00\x01 %$#@ 9\n", stderr=""),
}


@lru_cache
def facts(name: str) -> RawFacts:
    return facts_of(build(name, NOW), NOW, CATALOGUE.probes)


@lru_cache
def played(identifier: str) -> RawFacts:
    """The healthy pool on which the check's first fault is played."""
    return facts_of(healthy_pool(FIRST[identifier]), NOW, CATALOGUE.probes)


def judged(raw: RawFacts, identifier: str) -> dict[str, Outcome]:
    """What a check says of every object, by reference or uuid; nothing if the class is not known."""
    audit, check = Audit(raw), CHECKS[identifier]
    found = audit.objects[check.info.object_class]
    records = found if isinstance(found, tuple) else ()
    return {record.ref: judge(check, record, audit, NO_WAIVERS) for record in records}


@lru_cache
def healthy(identifier: str) -> dict[str, Outcome]:
    return judged(played(identifier), identifier)


def without(raw: RawFacts, field: str) -> RawFacts:
    """The same facts without a field, `class.field`, in all records."""
    name, _, key = field.partition(".")
    return changed(raw, name, lambda record: {k: v for k, v in record.items() if k != key})


def changed(
    raw: RawFacts, name: str, change: Callable[[dict[str, Json]], dict[str, Json]]
) -> RawFacts:
    known = raw.classes[name]
    records = {ref: change(dict(record)) for ref, record in known.records.items()}
    return replace(raw, classes={**raw.classes, name: replace(known, records=records)})


def unread(raw: RawFacts, name: str) -> RawFacts:
    return replace(raw, classes={**raw.classes, name: RawClass("unread", cause="it timed out")})


def greener(raw: RawFacts, identifier: str) -> dict[str, str]:
    """Objects that pass, or to which the check no longer applies although it did."""
    before = healthy(identifier)
    return {
        outcome.object.name: outcome.outcome
        for ref, outcome in judged(raw, identifier).items()
        if outcome.outcome == "pass"
        or (outcome.outcome == "not-applicable" and before[ref].outcome != "not-applicable")
    }


def test_every_check_says_on_what_it_rests() -> None:
    from_people = {
        i
        for i in CHECKS
        if FIRST[i].change.__module__.removeprefix("simpool.faults.") in {"attested", "operator"}
    }
    assert {i for i in CHECKS if FIRST[i].needs} | from_people | set(OF_DOM0) == set(CHECKS)


@pytest.mark.parametrize(
    ("identifier", "fact"), [(i, fact) for i, fault in FIRST.items() for fact in fault.needs]
)
def test_no_pass_without(identifier: str, fact: str) -> None:
    raw = played(identifier)
    try:
        found = greener(without(raw, fact) if "." in fact else unread(raw, fact), identifier)
    except CannotAuditError:
        return
    assert found == {}


def test_a_computed_evacuation_passes() -> None:
    raw = replace(facts_of(pool_with_vm(), NOW, ()), answers={})
    assert {o.outcome for o in judged(raw, "VM-EVACUATE-01").values()} == {"pass"}


@pytest.mark.parametrize("field", COMPUTED)
def test_no_computed_evacuation_without_a_field(field: str) -> None:
    raw = replace(facts_of(pool_with_vm(), NOW, ()), answers={})
    found = judged(without(raw, field), "VM-EVACUATE-01")
    assert not GREEN & {outcome.outcome for outcome in found.values()}


@pytest.mark.parametrize(("identifier", "name", "field", "value"), STRANGE)
def test_a_strange_value_is_not_a_good_one(
    identifier: str, name: str, field: str, value: Json
) -> None:
    if isinstance(value, dict) and field == "license_params" and value:
        strange = changed(
            facts("default"), name, lambda record: record | {field: {**record[field], **value}}
        )
    else:
        strange = changed(facts("default"), name, lambda record: record | {field: value})
    assert greener(strange, identifier) == {}


# For a check of the pool dom0 is one of several witnesses.
OF_DOM0 = sorted(i for i, c in CHECKS.items() if c.probes and c.info.object_class == "host")


@pytest.mark.parametrize("identifier", OF_DOM0)
def test_no_pass_without_the_answers_of_dom0(identifier: str) -> None:
    spare = {probe.command for probe in FIRST[identifier].spare}
    passed = {
        (probe.command, name): found
        for probe in CHECKS[identifier].probes
        if probe.command not in spare
        for name, mutation in MUTATIONS.items()
        # What a folder holds is known by its existence, not by how its attributes are cut.
        if not (name == "truncated" and probe == probes.BLOBS_XCP.present)
        if (found := greener(dom0_changed(played(identifier), probe, mutation), identifier))
    }
    assert passed == {}


def dom0_changed(raw: RawFacts, probe: Probe, mutation: Mutation) -> RawFacts:
    def mutated(known: Mapping[str, RawProbe]) -> dict[str, RawProbe]:
        answers = {c: mutation(a) if c == probe.command else a for c, a in known.items()}
        return {command: answer for command, answer in answers.items() if answer is not None}

    dom0 = {uuid: replace(said, probes=mutated(said.probes)) for uuid, said in raw.dom0.items()}
    return replace(raw, dom0=dom0)


def test_packages_decide_on_xcpng() -> None:
    raw = facts("xcpng83")
    for identifier, probe in (
        ("HOST-HOTFIX-01", probes.PACKAGES),
        ("HOST-REBOOT-01", INSTALL_TIMES),
    ):
        for mutation in MUTATIONS.values():
            found = judged(dom0_changed(raw, probe, mutation), identifier)
            members = [o for o in found.values() if not _is_trivial(raw, identifier, o)]
            assert members
            assert "pass" not in {outcome.outcome for outcome in members}


def _is_trivial(raw: RawFacts, identifier: str, outcome: Outcome) -> bool:
    """The coordinator has the coordinator's packages."""
    pool = next(iter(raw.classes["pool"].records.values()))
    coordinator = raw.classes["host"].records[pool["master"]]["uuid"]
    return identifier == "HOST-HOTFIX-01" and outcome.object.uuid == coordinator


def fields_read(raw: RawFacts, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Field -> the checks that read it; to the others its loss changes nothing."""
    readers: dict[str, set[str]] = {}
    real, reading = Record._read, [""]

    def noting(record: Record, field: Field) -> object:
        readers.setdefault(f"{record.xenapi_class}.{field.name}", set()).add(reading[0])
        return real(record, field)

    with monkeypatch.context() as patched:
        patched.setattr(Record, "_read", noting)
        for identifier in CHECKS:
            reading[0] = identifier
            judged(raw, identifier)
    return readers


def losses(
    raw: RawFacts, readers: Mapping[str, set[str]]
) -> Iterator[tuple[str, RawFacts, Iterable[str]]]:
    for field, checks in sorted(readers.items()):
        yield field, without(raw, field), sorted(checks)
    for name in sorted(raw.classes):
        if name not in {"pool", "host"}:
            yield name, unread(raw, name), CHECKS


@pytest.mark.parametrize("name", ["troubled", "xs65", "xcpng83"])
def test_no_loss_turns_a_finding_green(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = facts(name)
    before = {i: judged(raw, i) for i in CHECKS}
    turned = []
    for lost, poorer, concerned in losses(raw, fields_read(raw, monkeypatch)):
        try:
            now = {i: judged(poorer, i) for i in concerned}
        except CannotAuditError:
            continue
        turned += [
            (lost, i, outcome.object.name)
            for i in now
            for ref, outcome in before[i].items()
            if outcome.outcome in FINDINGS
            # xapi says that the VM can move, and will decide: the computed doubt may go.
            and "xapi says that it can move" not in outcome.message
            and ref in now[i]
            and now[i][ref].outcome in GREEN
        ]
    assert turned == []
