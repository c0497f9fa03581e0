"""The typed records agree with the published data model, and never invent a value."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.exceptions import CannotAuditError, NotVerifiedError
from fixtures.model import (
    CLASS_SINCE,
    FIELD_KINDS,
    SCHEMA_MINOR,
    VM,
    VMPP,
    VMSS,
    Cluster,
    Host,
    NotInReleaseError,
    PoolFacts,
    Record,
    fields_of,
    record_classes,
)
from fixtures.raw import RawClass, RawFacts

PUBLISHED = Path(__file__).resolve().parents[2] / "shared" / "xenapi" / "xenapi.json"

RECORD_CLASSES = sorted(record_classes(), key=lambda c: c.xenapi_class)

# The code names of releases, oldest first; versions of xapi itself come after all of them.
CODE_NAMES = {
    "rio": "", "miami": "", "symc": "", "orlando": "", "orlando-update-1": "", "george": "",
    "midnight-ride": "5.6", "cowley": "5.6 FP1", "boston": "6.0", "tampa": "6.1",
    "clearwater": "6.2", "vgpu-tech-preview": "6.2 SP1", "vgpu-productisation": "6.2 SP1",
    "clearwater-felton": "6.2 SP1", "clearwater-whetstone": "6.2 SP1", "creedence": "6.5",
    "cream": "6.5 SP1", "indigo": "6.5 SP1", "dundee": "7.0", "ely": "7.1", "honolulu": "7.1",
    "falcon": "7.2", "inverness": "7.3", "jura": "7.4", "kolkata": "7.5", "lima": "7.6",
    "naples": "8.0", "quebec": "8.1", "stockholm": "8.2", "stockholm_psr": "8.2",
    "nile-preview": "8.3", "nile": "8.3",
}  # fmt: skip

# Where the published lifecycle is known to be nominal: the release that really brought it is later.
NOMINAL = {
    ("pool", "allowed_operations"): "7.0",
    ("pool", "current_operations"): "7.0",
    ("VM", "appliance"): "6.0",
}


def published() -> dict[str, Any]:
    if not PUBLISHED.exists():
        pytest.skip("the published data model is not beside this checkout")
    return {item["name"]: item for item in json.loads(PUBLISHED.read_text(encoding="utf-8"))}


def kind_of(published_type: str) -> str:
    if published_type.endswith(" map"):
        return "map"
    if published_type.endswith(" set"):
        return "set"
    if published_type.endswith(" ref"):
        return "ref"
    plain = {"string": "str", "int": "int", "bool": "bool", "float": "float"}
    return plain.get(published_type, "datetime" if published_type == "datetime" else "str")


def first_release(lifecycle: dict[str, Any]) -> str:
    transitions = [
        t["release"]
        for t in lifecycle["transitions"]
        if t["transition"] in {"prototyped", "published"}
    ]
    return CODE_NAMES.get(transitions[0], "8.3")


@pytest.mark.parametrize("name", sorted(FIELD_KINDS))
def test_class_is_published(name: str) -> None:
    model = published()
    assert name in model
    fields = {field["name"]: field for field in model[name]["fields"]}
    assert set(FIELD_KINDS[name]) <= set(fields)
    assert {f: kind_of(fields[f]["type"]) for f in FIELD_KINDS[name]} == dict(FIELD_KINDS[name])


@pytest.mark.parametrize(
    "record_class",
    RECORD_CLASSES,
    ids=[c.xenapi_class for c in RECORD_CLASSES],
)
def test_first_releases_are_the_published_ones(record_class: type[Record]) -> None:
    name = record_class.xenapi_class
    item = published()[name]
    class_since = SCHEMA_MINOR[first_release(item["lifecycle"])]
    assert CLASS_SINCE[name] == class_since
    fields = {field["name"]: field for field in item["fields"]}
    wrong = {}
    for field_name, field in fields_of(record_class).items():
        release = NOMINAL.get((name, field_name), first_release(fields[field_name]["lifecycle"]))
        expected = max(SCHEMA_MINOR[release], class_since)
        if field.since != expected:
            wrong[field_name] = (field.since, expected)
    assert not wrong


def facts(schema: str = "5.120", **classes: RawClass) -> PoolFacts:
    host = {"uuid": "h", "name_label": "xen", "software_version": {"db_schema": schema}}
    pool = {"uuid": "p", "name_label": "pool", "master": "OpaqueRef:h"}
    return PoolFacts(
        RawFacts(
            source={"kind": "sim"},
            classes={
                "pool": RawClass("read", {"OpaqueRef:p": pool}),
                "host": RawClass("read", {"OpaqueRef:h": host}),
                **classes,
            },
            inputs={"clock": "20261123T07:00:00Z"},
        )
    )


def a_vm(**wire: Any) -> VM:
    return VM(facts(), "OpaqueRef:vm", {"uuid": "u", "name_label": "web", **wire})


def test_field_younger_than_the_release() -> None:
    vm = a_vm()
    with pytest.raises(NotInReleaseError, match="domain_type does not exist in this release"):
        _ = vm.domain_type
    assert not vm.has("domain_type")


def test_field_missing_although_the_release_has_it() -> None:
    vm = a_vm()
    with pytest.raises(
        NotVerifiedError, match="power_state is missing from what was read"
    ) as raised:
        _ = vm.power_state
    assert not isinstance(raised.value, NotInReleaseError)
    with pytest.raises(NotVerifiedError):
        vm.has("power_state")


def test_schema_not_known() -> None:
    vm = VM(facts(schema="weird"), "OpaqueRef:vm", {"uuid": "u"})
    with pytest.raises(NotVerifiedError, match="missing") as raised:
        _ = vm.domain_type
    assert not isinstance(raised.value, NotInReleaseError)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_target", "many"),
        ("memory_target", True),
        ("memory_target", None),
        ("is_a_template", "true"),
        ("is_a_template", "1"),
        ("snapshot_time", "yesterday"),
        ("platform", []),
        ("tags", "a,b"),
        ("tags", {"a": "b"}),
        ("HVM_shadow_multiplier", "one"),
        ("resident_on", {"ref": "x"}),
        ("name_label", 7),
    ],
)
def test_value_of_the_wrong_kind(field: str, value: Any) -> None:
    with pytest.raises(NotVerifiedError, match="cannot be read as"):
        getattr(a_vm(**{field: value}), field)


def test_values_become_typed() -> None:
    vm = a_vm(
        memory_target="2147483648",
        is_a_template=False,
        HVM_shadow_multiplier=1.0,
        snapshot_time="20170823T15:03:12Z",
        tags=["a", "b"],
        platform={"nx": "true"},
        resident_on="OpaqueRef:NULL",
    )
    assert vm.memory_target == 2_147_483_648
    assert vm.snapshot_time.isoformat() == "2017-08-23T15:03:12+00:00"
    assert vm.tags == ("a", "b")
    assert vm.platform == {"nx": "true"}
    assert vm.resident_on == ""


def test_records_are_read_only() -> None:
    vm = a_vm(power_state="Running")
    with pytest.raises(AttributeError, match="read-only"):
        vm.power_state = "Halted"
    assert vm.power_state == "Running"


def test_unknown_attribute_is_no_field() -> None:
    with pytest.raises(AttributeError, match="no field powerstate"):
        _ = a_vm().powerstate  # type: ignore[attr-defined]


def test_repr_shows_no_content() -> None:
    assert repr(a_vm(other_config={"password": "hunter2"})) == "<VM u>"


def test_title_stands_in() -> None:
    assert a_vm().title == "web"
    assert VM(facts(), "OpaqueRef:x", {"uuid": "u", "name_label": ""}).title == "u"
    assert VM(facts(), "OpaqueRef:x", {}).title == "OpaqueRef:x"


def test_dangling_reference() -> None:
    found = facts(VM=RawClass("read", {}))
    with pytest.raises(NotVerifiedError, match="not among what was read"):
        found.get(VM, "OpaqueRef:gone")  # type: ignore[arg-type]
    with pytest.raises(NotVerifiedError, match="null reference"):
        found.get(VM, "")  # type: ignore[arg-type]
    assert found.find(VM, "OpaqueRef:gone") is None  # type: ignore[arg-type]


def test_class_not_read() -> None:
    with pytest.raises(NotVerifiedError, match="VM records are not known: VM was not read"):
        facts().table(VM)
    with pytest.raises(NotVerifiedError, match="timed out"):
        facts(VM=RawClass("unread", cause="timed out")).table(VM)


def test_class_denied_although_the_release_has_it() -> None:
    with pytest.raises(NotVerifiedError, match="its release should have it"):
        facts(VMSS=RawClass("absent")).table(VMSS)


def test_class_younger_than_the_release() -> None:
    assert facts(Cluster=RawClass("absent")).table(Cluster) == {}


def test_class_denied_by_a_release_that_is_not_known() -> None:
    with pytest.raises(NotVerifiedError):
        facts(schema="weird", Cluster=RawClass("absent")).table(Cluster)


def test_class_that_was_removed_again() -> None:
    assert facts(VMPP=RawClass("absent")).table(VMPP) == {}


@pytest.mark.parametrize("state", ["unread", "absent"])
def test_hosts_or_pool_not_read(state: Any) -> None:
    with pytest.raises(CannotAuditError):
        facts(host=RawClass(state, cause="no permission"))
    with pytest.raises(CannotAuditError):
        facts(pool=RawClass(state, cause="no permission"))


def test_two_pools() -> None:
    with pytest.raises(CannotAuditError, match="2 pools"):
        facts(pool=RawClass("read", {"a": {"uuid": "a"}, "b": {"uuid": "b"}}))


def test_referring_is_derived_from_the_many_side() -> None:
    vms = {
        "OpaqueRef:1": {"uuid": "1", "resident_on": "OpaqueRef:h"},
        "OpaqueRef:2": {"uuid": "2", "resident_on": "OpaqueRef:NULL"},
    }
    found = facts(VM=RawClass("read", vms))
    host = found.table(Host)["OpaqueRef:h"]  # type: ignore[index]
    assert [vm.uuid for vm in host.resident_vms] == ["1"]


def test_referring_with_a_missing_field() -> None:
    found = facts(VM=RawClass("read", {"OpaqueRef:1": {"uuid": "1"}}))
    host = found.table(Host)["OpaqueRef:h"]  # type: ignore[index]
    with pytest.raises(NotVerifiedError):
        _ = host.resident_vms


@pytest.mark.parametrize(
    ("software", "minor"),
    [
        ({"db_schema": "5.602", "platform_version": "3.2.1"}, 602),
        ({"platform_version": "2.2.0"}, 108),
        ({"platform_version": "2.1.0"}, 93),
        ({"platform_version": "1.9.0"}, 72),
        ({"product_version": "6.2.0"}, 67),
        ({"product_version": "5.5.0"}, 57),
        ({}, None),
        ({"platform_version": "not.a.number"}, None),
    ],
)
def test_schema_of_the_coordinator(software: dict[str, str], minor: int | None) -> None:
    host = RawClass("read", {"OpaqueRef:h": {"uuid": "h", "software_version": software}})
    assert facts(host=host).schema_minor == minor
