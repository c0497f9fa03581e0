"""Wire records as a pool of a given release serves them: every field it has, none that it lacks."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fixtures.model import SCHEMA_MINOR, Record, fields_of, record_classes
from fixtures.raw import Ref, WireRecord
from fixtures.times import xenapi_time
from simpool.data import SimPool

NULL: Final = "OpaqueRef:NULL"
GONE = "OpaqueRef:gone"
"""Points at nothing: what a fault leaves where an object was deleted."""
NEVER: Final = "19700101T00:00:00Z"
MIB: Final = 1024**2
GIB: Final = 1024**3

_SPACE: Final = uuid.UUID("5e9c2a4c-6f0e-4f0b-9a53-3c64b8f2d0aa")
_CLASSES: Final[Mapping[str, type[Record]]] = {c.xenapi_class: c for c in record_classes()}
# The last schema that had a class, for classes that were removed again.
_LAST_SCHEMA: Final[Mapping[str, int]] = {"VMPP": SCHEMA_MINOR["6.2"] - 1}
# Fields that are younger than the newest xapi a simulated pool runs (XCP-ng 8.3 with xapi 26.1).
_AFTER_XAPI_26_1: Final = frozenset(
    {
        ("VM", "secureboot_certificates_state"),
        ("VM_metrics", "numa_optimised"),
        ("VM_metrics", "numa_nodes"),
        ("Certificate", "purpose"),
        ("SM", "supported_image_formats"),
    }
)
_ZEROS: Final[Mapping[str, Any]] = {
    "str": "",
    "int": "0",
    "float": 0.0,
    "bool": False,
    "datetime": NEVER,
    "ref": NULL,
}

# Enumerations have no empty value; these are what xapi itself puts there.
_UNSTATED: Final[Mapping[tuple[str, str], str]] = {
    ("VM_metrics", "current_domain_type"): "unspecified",
    ("VM", "domain_type"): "unspecified",
}


def classes_of(release: str) -> tuple[str, ...]:
    """The XenAPI classes, of those that the audit knows, that a release has."""
    schema = SCHEMA_MINOR[release]
    return tuple(
        name
        for name, record_class in _CLASSES.items()
        if SCHEMA_MINOR[record_class.since] <= schema <= _LAST_SCHEMA.get(name, schema)
    )


def field_names(xenapi_class: str, release: str) -> tuple[str, ...]:
    """The fields, of those that the audit knows, that a class has in a release."""
    schema = SCHEMA_MINOR[release]
    return tuple(
        name
        for name, field in fields_of(_CLASSES[xenapi_class]).items()
        if field.since <= schema and (xenapi_class, name) not in _AFTER_XAPI_26_1
    )


def identity(pool: SimPool, key: str) -> str:
    """A uuid that is the same for the same pool name and key, always."""
    return str(uuid.uuid5(_SPACE, f"{pool.name}/{key}"))


def add_record(
    pool: SimPool, xenapi_class: str, key: str, values: Mapping[str, Any], **fields: Any
) -> Ref:
    """Add one record and return its reference.

    Args:
        pool: where to.
        xenapi_class: e.g. `VM`.
        key: what makes the object's identity within its class, usually its name; a second object of
            the same key gets an identity of its own.
        values: values of fields; those that the release lacks are left out.
        fields: more values, as the caller insists on them.

    Raises:
        ValueError: the release lacks the class or one of `fields`, or a name is no field at all.
    """
    if xenapi_class not in pool.records:
        raise ValueError(f"{pool.release} has no class {xenapi_class}")
    names = field_names(xenapi_class, pool.release)
    known = fields_of(_CLASSES[xenapi_class])
    wrong = [name for name in values if name not in known]
    wrong += [name for name in fields if name not in names]
    if wrong:
        raise ValueError(f"{xenapi_class} has no field {', '.join(wrong)} in {pool.release}")
    table = pool.records[xenapi_class]
    number, ref = 1, Ref(NULL)
    while number == 1 or ref in table:
        unique = f"{xenapi_class}/{key}/{number}"
        ref = "OpaqueRef:" + identity(pool, f"{unique}/ref")
        number += 1
    given = {"uuid": identity(pool, unique), **values, **fields}
    table[ref] = {
        name: wire(given[name]) if name in given else zero(xenapi_class, name) for name in names
    }
    return ref


def zero(xenapi_class: str, name: str) -> Any:
    """The empty value of a field in wire form."""
    if (xenapi_class, name) in _UNSTATED:
        return _UNSTATED[xenapi_class, name]
    kind = fields_of(_CLASSES[xenapi_class])[name].kind
    return {"set": [], "map": {}}.get(kind, _ZEROS.get(kind))


def wire(value: Any) -> Any:
    """A Python value in wire form: ints as digits, datetimes as XenAPI text, sequences as lists."""
    if isinstance(value, datetime):
        return xenapi_time(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): str(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in value]
    return value


def find(pool: SimPool, xenapi_class: str, name: str) -> tuple[Ref, WireRecord]:
    """The reference and the (mutable) record of the object with this name.

    Raises:
        KeyError: there is none, or more than one.
    """
    found = [
        (ref, record)
        for ref, record in pool.records[xenapi_class].items()
        if record.get("name_label") == name and not record.get("is_a_snapshot")
    ]
    if len(found) != 1:
        raise KeyError(f"{len(found)} objects of class {xenapi_class} are called {name!r}")
    return found[0]


def host_names(pool: SimPool) -> tuple[str, ...]:
    """The names of all hosts, the coordinator's first."""
    return tuple(host["name_label"] for host in pool.records["host"].values())


def mac(pool: SimPool, vendor: str, key: str) -> str:
    """A MAC address that is the same for the same pool name and key; `vendor` is its first half."""
    digits = identity(pool, key)
    return ":".join((vendor, digits[0:2], digits[2:4], digits[4:6]))


def ref_of(pool: SimPool, xenapi_class: str, name: str) -> Ref:
    """The reference of the object with this name; errors as `find`."""
    return find(pool, xenapi_class, name)[0]


def pool_record(pool: SimPool) -> WireRecord:
    """The one record of class pool."""
    return next(iter(pool.records["pool"].values()))
