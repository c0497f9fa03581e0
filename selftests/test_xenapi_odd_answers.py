"""A XenAPI that answers, but not as it should: other types, words, references, or gaps.

The readings alternate between the protocols. Nothing that is odd may be taken for good.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fixtures.model import FIELD_KINDS
from fixtures.raw import RawFacts
from fixtures.xenapi_reading import CERTIFICATE, CLASSES, MESSAGES, SERVER_TIME
from rules.agility import METHOD as AGILITY
from rules.evacuation import METHOD as EVACUATION
from selftests.faulty_pools import pool_named
from selftests.xenapi_matrix import (
    PROTOCOLS,
    CountingEndpoint,
    healthy,
    judged,
    read,
    speaking,
    unread,
)
from simpool.data import SimPool

OTHERS = tuple(name for name in CLASSES if name not in {"pool", "host"})
NO_RECORDS: list[Any] = [
    [], ["a"], "", "text", 7, True, 1.5, {"OpaqueRef:a": "no record"}, {"OpaqueRef:a": []},
    {"OpaqueRef:a": {}, "OpaqueRef:b": ""}, [{"uuid": "x"}],
]  # fmt: skip
ODD_ANSWERS: dict[str, list[Any]] = {
    EVACUATION: [[], "", "none", 0, False, {"OpaqueRef:x": "VM_REQUIRES_SR"}, [{}]],
    CERTIFICATE: ["", "garbage", [], {}, 7, "-----BEGIN CERTIFICATE-----\nAA\n-----END", True],
    SERVER_TIME: ["", "yesterday", [], {}, 7, "99999999T99:99:99Z", False],
    MESSAGES: ["", [], {"OpaqueRef:m": "text"}, {"OpaqueRef:m": {}}, 7, [{}], True],
    "message.get_all": ["", {}, 7, "many", {"a": "b"}, True, 0],
    AGILITY: [{}, ["yes"], "yes", 7, True, False, [[]]],
}
# A value of another type for every kind of field; none that could mean "nothing" or "none".
OTHER_TYPES: dict[str, tuple[Any, Any]] = {
    "str": (["x"], {"x": "y"}),
    "int": ("many", ["1"]),
    "float": ("much", {"1": "2"}),
    "bool": ("yes", ["true"]),
    "datetime": ("yesterday", ["20260101T00:00:00Z"]),
    "ref": (["OpaqueRef:x"], {"OpaqueRef:x": ""}),
    "set": ("x", {"x": "y"}),
    "map": ("x", ["x"]),
}
FIELDS = [
    (name, field, kind)
    for name, fields in sorted(FIELD_KINDS.items())
    for field, kind in sorted(fields.items())
    if (name, field) not in {("pool", "master"), ("pool", "uuid"), ("host", "uuid")}
]
FREE_TEXT = {"uuid", "name_label", "name", "IP", "gateway", "ipv6_gateway", "netmask", "DNS"}
# They say whose the object is: what belongs to another is nothing of the object that is judged.
OWNERS = {
    *(("Bond", "master"), ("PBD", "SR"), ("VBD", "VM"), ("VIF", "VM"), ("VM", "snapshot_of")),
    ("host_crashdump", "host"),
}
# Of an SR of another type, and of hosts that all have the same edition, nothing else can be said.
OF_TYPES = {"HOST-IQN-01", "SR-ISCSI-01", "SR-ISCSI-02", "SR-ISO-01", "HOST-EDITION-01"}
STRIDE = 8  # every eighth field of all is odd at a time: the others let the checks come that far


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[[SimPool, int], RawFacts]]:
    """Reads a pool, by one protocol or the other."""
    pool = pool_named("troubled")
    with speaking(PROTOCOLS[0], pool) as one, speaking(PROTOCOLS[1], pool) as other:

        def reading(changed: SimPool, number: int) -> RawFacts:
            endpoint: CountingEndpoint = (one, other)[number % 2]
            endpoint.pool = changed
            return read(endpoint)

        yield reading


Reading = Callable[[SimPool, int], RawFacts]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_class_of_another_shape_is_unread(protocol: str) -> None:
    with speaking(protocol, pool_named("default")) as endpoint:
        for run in range(len(NO_RECORDS)):
            given = {
                name: NO_RECORDS[(run + at) % len(NO_RECORDS)] for at, name in enumerate(OTHERS)
            }
            endpoint.faults = {f"{name}.get_all_records": odd for name, odd in given.items()}
            found = unread(read(endpoint))
            assert found == {
                name: f"{name}.get_all_records did not answer with a map of records"
                for name in OTHERS
            }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_answer_of_another_shape_is_none(protocol: str) -> None:
    before = healthy("troubled")[1]
    with speaking(protocol, pool_named("troubled")) as endpoint:
        for run in range(0, 7, 1 + (protocol == PROTOCOLS[0])):
            endpoint.faults = {method: odd[run] for method, odd in ODD_ANSWERS.items()}
            raw = read(endpoint)
            assert unread(raw) == {}
            assert judged(raw, "troubled").turned_green(before) == {}


def test_without_a_good_answer_no_pool_is_ready() -> None:
    for number, method in enumerate((EVACUATION, CERTIFICATE, SERVER_TIME)):
        with speaking(PROTOCOLS[number % 2], pool_named("default")) as endpoint:
            for odd in ODD_ANSWERS[method][::2]:
                endpoint.faults = {method: odd}
                assert judged(read(endpoint), "default").verdict.word == "NOT VERIFIED", odd


@pytest.mark.parametrize("which", [0, 1])
def test_fields_of_another_type_are_not_known(which: int, served: Reading) -> None:
    before = healthy("troubled")[1]
    for first in range(STRIDE):
        pool = pool_named("troubled")
        for name, field, kind in FIELDS[first::STRIDE]:
            _everywhere(pool, name, field, OTHER_TYPES[kind][which])
        assert judged(served(pool, first), "troubled").turned_green(before) == {}


def test_words_of_tomorrow_are_not_good_ones(served: Reading) -> None:
    before = healthy("troubled")[1]
    words = [one for one in FIELDS if one[2] == "str" and one[1] not in FREE_TEXT]
    for first in range(STRIDE):
        pool = pool_named("troubled")
        for name, field, _ in words[first::STRIDE]:
            _everywhere(pool, name, field, "a_word_of_tomorrow")
        now = judged(served(pool, first), "troubled").turned_green(before)
        assert {finding.partition(":")[0] for finding in now} <= OF_TYPES


def test_fields_of_tomorrow_change_nothing(served: Reading) -> None:
    before = healthy("troubled")[1]
    pool = pool_named("troubled")
    for records in pool.records.values():
        for record in records.values():
            record["a_field_of_tomorrow"] = {"deep": ["er", {"and": "deeper"}]}
    now = judged(served(pool, 1), "troubled")
    assert {f: o.outcome for f, o in now.outcomes.items()} == {
        f: o.outcome for f, o in before.outcomes.items()
    }


def test_references_to_another_class_are_not_followed(served: Reading) -> None:
    """Each field that refers to something refers to an object of another class."""
    before = healthy("troubled")[1]
    refs = [one for one in FIELDS if one[2] == "ref" and one[:2] not in OWNERS]
    for first in range(STRIDE):
        pool = pool_named("troubled")
        for at, (name, field, _) in enumerate(refs[first::STRIDE]):
            other = "SM" if name != "SM" else "VM"
            targets = list(pool.records[other])
            _everywhere(pool, name, field, targets[at % len(targets)])
        assert judged(served(pool, first), "troubled").turned_green(before) == {}


def _everywhere(pool: SimPool, name: str, field: str, value: Any) -> None:
    """A value in all records that have the field."""
    for record in pool.records.get(name, {}).values():
        if field in record:
            record[field] = value


# What is found of such an object is found of the object alone: with it, the finding goes.
OWN = {"VM", "VBD", "VIF", "SR", "PBD", "PGPU", "host_crashdump"}


@pytest.mark.parametrize(
    "gone", [name for name in OTHERS if pool_named("troubled").records.get(name)]
)
def test_an_object_that_is_deleted_between_two_calls(gone: str, served: Reading) -> None:
    """Every second object of a class is gone, and others still refer to it."""
    before = healthy("troubled")[1]
    pool = pool_named("troubled")
    records = pool.records[gone]
    for ref in list(records)[::2]:
        del records[ref]
    now = judged(served(pool, OTHERS.index(gone)), "troubled")
    assert gone in OWN or now.turned_green(before) == {}
    assert not now.is_ready


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_host_that_leaves_the_pool_while_it_is_asked(protocol: str) -> None:
    pool = pool_named("default")
    left = max(pool.records["host"])
    for answers in pool.answers.values():
        answers.pop(left, None)
    with speaking(protocol, pool) as endpoint:
        raw = read(endpoint)
    for method in (EVACUATION, CERTIFICATE, SERVER_TIME):
        assert raw.answers[method][left].error == ("HANDLE_INVALID", "host", left)
    assert judged(raw, "default").verdict.word == "NOT VERIFIED"
