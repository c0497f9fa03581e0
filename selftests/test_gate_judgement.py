"""What opens the gate, from what was stored: only a run without a single doubt."""

import json
from datetime import datetime, timedelta
from typing import Any

import jsonschema
import pytest

from fixtures.baseline import compared_parts
from reports import gate as gates
from reports.gate import asked_otherwise, exit_code, sign_off_doubts, with_baseline
from reports.results import schema
from selftests.sample_run import sample

MANIFEST_HASH = "ab" * 32


def stored_gate(**more: Any) -> dict[str, Any]:
    decision = {
        "file": "signoff/alice.json",
        "decision": "approve",
        "signer": "alice",
        "fingerprint": "SHA256:a",
        "change": "",
        "comment": "",
        "time": "2026-11-23T20:30:00Z",
        "notes": [],
    }
    return {
        "bundle": "earlier",
        "manifest": MANIFEST_HASH,
        "signers": 1,
        "max_age": "72h",
        "at": "2026-11-23T21:00:00Z",
        "allowed_signers": "",
        "decisions": [decision],
        "refusals": [],
        **more,
    }


def stored_run(results: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A clean run as a baseline, and the inputs of a later one."""
    inputs: dict[str, Any] = {"settings": {}, "releases": {}}
    then = {**compared_parts(results, inputs), "bundle": "earlier", "manifest": MANIFEST_HASH}
    return json.loads(json.dumps(then)), inputs


def judged(gate: Any, then: Any, results: dict[str, Any], inputs: Any) -> Any:
    return with_baseline(results, {**inputs, "baseline": then, "gate": gate})


def test_an_open_gate_tells_what_a_careful_reader_wants_to_know() -> None:
    results = sample(clean=True).results
    then, inputs = stored_run(results)
    gate = stored_gate()
    gate["decisions"][0]["notes"] = ["the key is not valid any more"]
    done = judged(gate, then, results, inputs)
    assert gates.lines_of(done["gate"])[1:] == ["  note: alice: the key is not valid any more"]


def test_only_a_gate_without_a_single_doubt_is_open() -> None:
    results = sample(clean=True).results
    then, inputs = stored_run(results)
    done = judged(stored_gate(), then, results, inputs)
    assert done["gate"]["open"] is True, done["gate"]["reasons"]
    assert exit_code(done, 0) == 0
    decision = stored_gate()["decisions"][0]
    other = {**decision, "signer": "bob", "fingerprint": "SHA256:b"}
    for gate in (
        stored_gate(decisions=[]),
        stored_gate(signers=2),
        stored_gate(signers=2, decisions=[decision, {**decision, "signer": "bob"}]),
        stored_gate(signers=2, decisions=[decision, {**other, "signer": "ALICE"}]),
        stored_gate(decisions=[decision, {**other, "decision": "reject"}]),
        stored_gate(manifest="cd" * 32),
        stored_gate(refusals=["something"]),
        stored_gate(max_age="nonsense"),
        {key: value for key, value in stored_gate().items() if key != "decisions"},
    ):
        done = judged(gate, then, results, inputs)
        assert done["gate"]["open"] is False, gate
        assert done["gate"]["reasons"]
        assert [exit_code(done, code) for code in (0, 10, 1, 30, 40)] == [20, 20, 1, 30, 40]
    for change in (
        {"verdict": "BLOCKED"},
        {"verdict": "NOT VERIFIED"},
        {"verdict": "INCOMPLETE"},
        {"release_data": "other"},
        {"outcomes": None},
        {"run": {**then["run"], "pool": {"uuid": "other", "name": "x"}}},
        {"run": {**then["run"], "source": {"kind": "sim", "address": ""}}},
        {"checks": [*then["checks"], {"id": "SITE-OWN-01", "severity": "blocker", "class": "VM"}]},
        {"checks": [{**one, "severity": "blocker"} for one in then["checks"]]},
    ):
        done = judged(stored_gate(), {**then, **change}, results, inputs)
        assert done["gate"]["open"] is False, change
    assert judged(stored_gate(), None, results, inputs)["gate"]["open"] is False


def test_facts_of_a_dump_open_nothing() -> None:
    results = sample(clean=True).results
    results = {**results, "run": {**results["run"], "source": {"kind": "dump", "address": "x"}}}
    then, inputs = stored_run(results)
    done = judged(stored_gate(), then, results, inputs)
    assert done["gate"]["open"] is False


def test_an_error_of_our_own_never_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError("oops")

    results = sample(clean=True).results
    then, inputs = stored_run(results)
    for name in ("compare", "_judge", "compared_parts"):
        with monkeypatch.context() as patched:
            patched.setattr(gates, name, stumble)
            done = judged(stored_gate(), then, results, inputs)
        assert done["gate"]["reasons"] == ["it could not be judged: ZeroDivisionError: oops"]
        assert exit_code(done, 0) == 20
        jsonschema.validate(done, schema())


def test_age_is_counted_to_the_moment() -> None:
    then, _ = stored_run(sample(clean=True).results)
    ended = datetime.fromisoformat(then["run"]["ended"])
    for age, stale in ((0, False), (72 * 3600, False), (72 * 3600 + 1, True), (-1, True)):
        doubts = sign_off_doubts(stored_gate(), then, ended + timedelta(seconds=age))
        assert bool(doubts) is stale, (age, doubts)


def test_the_window_may_move_and_nothing_else() -> None:
    then, _ = stored_run(sample(clean=True).results)
    then["settings"] = {name: {"value": 1, "from": "x"} for name in ("window", "log_percent")}
    for name, doubts in (("window", 0), ("log_percent", 1)):
        now = {**then, "settings": {**then["settings"], name: {"value": 2, "from": "y"}}}
        assert len(asked_otherwise(then, now)) == doubts
