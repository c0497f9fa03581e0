from dataclasses import replace

import pytest

from reports.ledger import FATES, JUDGED, Ledger, balance, plan
from reports.outcome import ObjectClass, ObjectRef, Outcome
from selftests.sample_run import CHECKS, HOSTS, OBJECTS, POOL, VMS, answer, sample


def passes() -> list[Outcome]:
    return [answer(pair, "pass") for pair in plan(CHECKS, OBJECTS, pool=POOL)]


def close(outcomes: list[Outcome], **more: object) -> Ledger:
    return balance(CHECKS, plan(CHECKS, OBJECTS, pool=POOL), outcomes, **more)  # type: ignore[arg-type]


def test_plan_is_checks_times_objects() -> None:
    planned = plan(CHECKS, OBJECTS, pool=POOL)
    assert len(planned) == sum(len(OBJECTS[check.object_class]) for check in CHECKS)
    assert len({pair.finding for pair in planned}) == len(planned)
    assert not any(pair.unread for pair in planned)
    assert planned == plan(reversed(CHECKS), {**OBJECTS, "VM": VMS[::-1]}, pool=POOL)


def test_an_unread_class_is_one_pair_per_check_on_the_pool() -> None:
    rest: dict[ObjectClass, tuple[ObjectRef, ...]] = {
        class_: found for class_, found in OBJECTS.items() if class_ != "VM"
    }
    cases: list[tuple[dict[ObjectClass, tuple[ObjectRef, ...]], dict[str, str]]] = [
        (OBJECTS, {"VM": "RBAC forbids it"}),
        (rest, {}),
    ]
    for objects, causes in cases:
        pairs = [
            one for one in plan(CHECKS, objects, pool=POOL, unread=causes) if "VM-" in one.check
        ]
        assert [pair.check for pair in pairs] == sorted(
            check.id for check in CHECKS if check.object_class == "VM"
        )
        assert {pair.object for pair in pairs} == {POOL}
        assert all(pair.unread for pair in pairs)
    assert pairs[0].unread == "the records of class VM were not read"


def test_an_unread_class_cannot_be_judged() -> None:
    planned = plan(CHECKS, OBJECTS, pool=POOL, unread={"VM": "RBAC forbids it"})
    unknown = [
        answer(pair, "not-verified", cause=pair.unread) if pair.unread else answer(pair, "pass")
        for pair in planned
    ]
    assert balance(CHECKS, planned, unknown).adds_up
    judged = balance(CHECKS, planned, [answer(pair, "pass") for pair in planned])
    assert not judged.adds_up
    assert "although its class was not read" in judged.problems[0]


def test_a_read_class_without_objects_plans_nothing() -> None:
    objects = {**OBJECTS, "SR": ()}
    planned = plan(CHECKS, objects, pool=POOL)
    ledger = balance(CHECKS, planned, [answer(pair, "pass") for pair in planned])
    assert ledger.complete
    assert ledger.checks["POOL-STORAGE-01"].planned == 0


def test_whole_run() -> None:
    run = sample()
    ledger = run.ledger
    assert ledger.complete
    total = ledger.total
    assert total.planned == len(run.outcomes) == sum(total.fates[fate] for fate in FATES)
    assert total.judged == sum(total.fates[fate] for fate in JUDGED)
    for fate in FATES:
        assert total.fates[fate] == sum(tally.fates[fate] for tally in ledger.checks.values())
    assert ledger.sentence() == (
        "64 planned = 56 judged + 1 waived + 1 not applicable + 6 not verified"
    )


def test_missing_and_deselected() -> None:
    outcomes = passes()
    gone, filtered = outcomes.pop(), outcomes.pop(0)
    ledger = close(outcomes, deselected=[filtered.finding])
    assert ledger.adds_up
    assert not ledger.complete
    assert [pair.finding for pair in ledger.not_reached] == [gone.finding]
    assert [pair.finding for pair in ledger.deselected] == [filtered.finding]
    assert {one["fate"] for one in ledger.as_json()["missing"]} == {"not-reached", "deselected"}


def test_doubled_outcome() -> None:
    outcomes = passes()
    ledger = close([*outcomes, outcomes[0]])
    assert not ledger.adds_up
    assert f"{outcomes[0].finding} has 2 outcomes" in ledger.problems


def test_a_doubled_outcome_cannot_make_up_for_a_missing_one() -> None:
    outcomes = passes()
    assert not close([*outcomes[:-1], outcomes[0]]).adds_up


@pytest.mark.parametrize(
    "stray",
    [
        Outcome("VM-AGILE-01", "blocker", ObjectRef("VM", "stranger", "x"), "pass"),
        Outcome("NOBODY-01", "blocker", POOL, "pass"),
        Outcome("VM-AGILE-01", "blocker", ObjectRef("host", VMS[0].uuid, "x"), "pass"),
    ],
)
def test_unplanned_outcome(stray: Outcome) -> None:
    ledger = close([*passes(), stray])
    assert not ledger.adds_up
    assert ledger.problems == (f"{stray.finding} has an outcome that nobody planned",)


def test_two_objects_with_one_uuid() -> None:
    objects = {**OBJECTS, "host": (*HOSTS, replace(HOSTS[0], name="twin"))}
    planned = plan(CHECKS, objects, pool=POOL)
    ledger = balance(CHECKS, planned, [answer(pair, "pass") for pair in planned])
    assert not ledger.adds_up
    assert any("two objects share this uuid" in problem for problem in ledger.problems)


def test_deselected_without_plan_or_with_outcome() -> None:
    outcomes = passes()
    assert not close(outcomes, deselected=["X:1"]).adds_up
    assert not close(outcomes, deselected=[outcomes[0].finding]).adds_up


def test_nothing_planned_is_not_complete() -> None:
    ledger = balance((), (), ())
    assert ledger.adds_up
    assert not ledger.complete


def test_long_lists_are_capped() -> None:
    objects = {**OBJECTS, "VM": tuple(ObjectRef("VM", str(n), "x") for n in range(500))}
    ledger = balance(CHECKS, plan(CHECKS, objects, pool=POOL), ())
    assert len(ledger.as_json()["missing"]) == 200
    strays = [Outcome("X-01", "info", one, "info") for one in objects["VM"]]
    problems = balance(CHECKS, (), strays).problems
    assert len(problems) == 201
    assert problems[-1] == "... and 300 more"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"outcome": "ok"}, "no such outcome"),
        ({"severity": "fatal"}, "no such severity"),
        ({"severity": "warning", "outcome": "blocked"}, "only a blocker"),
        ({"outcome": "not-verified"}, "without its cause"),
        ({"outcome": "not-applicable", "cause": " \n"}, "without its cause"),
        ({"outcome": "waived"}, "go together"),
        ({"outcome": "pass", "waiver": {"original": "blocked"}}, "go together"),
        ({"outcome": "waived", "waiver": {"original": "fine"}}, "original outcome"),
    ],
)
def test_an_outcome_cannot_contradict_itself(parts: dict[str, object], reason: str) -> None:
    whole = {"severity": "blocker", "outcome": "pass", **parts}
    with pytest.raises(ValueError, match=reason):
        Outcome(check="X-01", object=POOL, **whole)  # type: ignore[arg-type]
