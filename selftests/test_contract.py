"""The contract of a check is kept by refusing what breaks it."""

from collections.abc import Callable

import pytest

from fixtures.contract import ContractError, blocker, check, check_of, not_applicable
from fixtures.evidence import MOST_COMMANDS, Evidence, plain
from fixtures.exceptions import NotApplicableError
from fixtures.model import Pool
from fixtures.probes import file


def healthy(pool: Pool) -> None:
    """The pool has a name.

    Why: nameless pools
        are hard to find.
    Source: this test.
    Remedy: name it.
    Risk: change; the new name
        is seen at once.
    """
    assert pool.name_label, f"pool {pool.title}: name - expected: some, found: none"


def undefended(pool: Pool) -> None:
    """The pool has a name.

    Why: nameless pools are hard to find.
    """
    assert pool.name_label, "no name"


def silent(pool: Pool) -> None:
    """The pool has a name.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    assert pool.name_label


def looping(pool: Pool) -> None:
    """The pool has hosts.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    for host in pool.hosts:
        assert host.enabled, "off"


def doubled(pool: Pool) -> None:
    """The pool has a name.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    assert pool.name_label, "no name"
    assert pool.uuid, "no uuid"


def aimless(evidence: Evidence) -> None:
    """Something holds.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    assert evidence, "nothing"


def careless(pool: Pool) -> None:
    """The pool has a name.

    Why: w
    Source: s
    Remedy: r
    """
    assert pool.name_label, "no name"


def vague(pool: Pool) -> None:
    """The pool has a name.

    Why: w
    Source: s
    Remedy: r
    Risk: some, perhaps.
    """
    assert pool.name_label, "no name"


def unended(pool: Pool) -> None:
    """The pool has a name.

    Why: w
    Source: s
    Remedy: r
    Risk: data loss
    """
    assert pool.name_label, "no name"


def nameless(pool: Pool) -> None:
    assert pool, "x"


def test_a_whole_check_is_taken_as_it_is() -> None:
    found = check_of(check("SITE-NAME-01", blocker, probes=[file("/etc/motd")])(healthy))
    assert found is not None
    assert found.info.title == "The pool has a name."
    assert found.info.why == "nameless pools are hard to find."
    assert found.info.risk == "change; the new name is seen at once."
    assert (found.info.object_class, found.subject) == ("pool", "pool")
    assert [probe.command for probe in found.probes] == ["cat /etc/motd"]


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (undefended, "docstring lacks Source:, Remedy:, Risk:"),
        (silent, "exactly one assertion, with a message"),
        (doubled, "exactly one assertion, with a message"),
        (looping, "the assertion stands in a loop"),
        (aimless, "takes one of pool, host, sr, vm"),
        (nameless, "lacks its first line|lacks Why:"),
        (careless, "docstring lacks Risk:$"),
        (vague, "Risk: is one of none, change, VM outage, .*, data loss"),
        (unended, "then `.` or `; ` and a sentence"),
    ],
)
def test_a_broken_check_is_refused_by_name(function: Callable[..., None], says: str) -> None:
    with pytest.raises(ContractError, match=says) as refused:
        check("SITE-NAME-01", blocker)(function)
    assert function.__name__ in str(refused.value)


@pytest.mark.parametrize("identifier", ["", "HA", "HA-1", "ha-off-01", "HA_OFF-01", "HA-01 "])
def test_an_id_has_a_form(identifier: str) -> None:
    with pytest.raises(ContractError, match="is not an id"):
        check(identifier, blocker)(healthy)


def test_not_applicable_carries_its_reason() -> None:
    with pytest.raises(NotApplicableError, match="one host"):
        not_applicable("one host")


def test_evidence_is_plain_json_and_commands_are_quoted() -> None:
    evidence = Evidence()
    evidence(names={"b", "a"}, nested={"x": (1, None)})
    evidence.remedy("xe", "vm-shutdown", "name=a b; rm -rf /")
    assert evidence.values == {"names": ["a", "b"], "nested": {"x": [1, None]}}
    assert evidence.commands == ["xe vm-shutdown 'name=a b; rm -rf /'"]
    assert plain(object).startswith("<class")


@pytest.mark.parametrize("name", ["a`xe vm-destroy uuid=1`b", "a\nb", "\u202ea"])
def test_a_command_that_cannot_be_shown_is_left_out_and_counted(name: str) -> None:
    evidence = Evidence()
    evidence.remedy("cat", name)
    assert evidence.commands == []
    assert evidence.values == {"commands_left_out": 1}


def test_commands_have_an_end() -> None:
    evidence = Evidence()
    for number in range(MOST_COMMANDS + 3):
        evidence.remedy("xe", "vdi-destroy", f"uuid={number}")
    assert len(evidence.commands) == MOST_COMMANDS
    assert evidence.values["commands_left_out"] == 3
