import json
import math
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.evidence import plain, plain_text
from reports.ledger import balance
from reports.results import document, schema, to_bytes
from reports.verdict import judge
from selftests.sample_run import CHECKS, NOTES, RUN, Sample, sample

ROOT = Path(__file__).parents[1]


def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def again(run: Sample, outcomes: Any) -> dict[str, Any]:
    ledger = balance(CHECKS, run.planned, outcomes)
    return document(
        run=RUN,
        checks=CHECKS,
        ledger=ledger,
        verdict=judge(outcomes, ledger),
        notes=NOTES,
        outcomes=outcomes,
    )


@pytest.mark.parametrize("changes", [{}, {"clean": True}, {"drop": "VM-AGILE-01"}])
def test_the_published_schema_holds(changes: dict[str, Any]) -> None:
    results = json.loads(to_bytes(sample(**changes).results))
    validator().validate(results)
    assert list(results) == sorted(results)
    assert set(results) == {
        "schema",
        "run",
        "ledger",
        "verdict",
        "sentence",
        "flags",
        "notes",
        "catalogue",
        "outcomes",
        "comparison",
        "gate",
    }
    assert set(results["run"]) == set(RUN)


def test_the_schema_refuses_lies() -> None:
    check = validator()
    for change in (
        {"verdict": "READY"},
        {"verdict": "FINE"},
        {"schema": "poolproof/results/2"},
        {"flags": {"blocked": False, "incomplete": False, "not_verified": False}},
        {"extra": 1},
    ):
        assert not check.is_valid({**sample().results, **change}), change
    parts: list[dict[str, Any]] = [
        {"cause": ""},
        {"waiver": {}},
        {"outcome": "ok"},
        {"severity": "fatal"},
    ]
    for part in parts:
        results = json.loads(to_bytes(sample().results))
        unknown = next(one for one in results["outcomes"] if one["outcome"] == "not-verified")
        unknown.update(part)
        assert not check.is_valid(results), part


def test_the_order_of_the_run_does_not_matter() -> None:
    run = sample()
    shuffled = list(run.outcomes)
    random.Random(7).shuffle(shuffled)
    assert to_bytes(again(run, tuple(shuffled))) == to_bytes(run.results)


def test_sorted_by_check_then_object() -> None:
    order = ["pool", "host", "SR", "VM"]
    keys = [
        (
            one["check"],
            order.index(one["object"]["class"]),
            one["object"]["name"],
            one["object"]["uuid"],
        )
        for one in sample().results["outcomes"]
        if "surrogate" not in one["object"]["name"]
    ]
    assert keys == sorted(keys)


def test_the_same_bytes_in_another_process() -> None:
    program = (
        "from selftests.sample_run import sample; from reports.results import to_bytes; import sys;"
        "sys.stdout.buffer.write(to_bytes(sample().results))"
    )
    bytes_ = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert bytes_[0] == bytes_[1] == to_bytes(sample().results)


def test_bytes_are_harmless_on_a_terminal() -> None:
    data = to_bytes(sample().results)
    assert data.isascii()
    assert data.endswith(b"}\n")
    assert not set(data) - set(range(0x20, 0x7F)) - {0x0A}
    names = {one["object"]["name"] for one in json.loads(data)["outcomes"]}
    assert "日本語サーバー" in names
    assert "two\nlines\r\n\tand a tab" in names


def test_run_has_exactly_its_keys() -> None:
    run = sample()
    for wrong in ({**RUN, "more": 1}, {key: RUN[key] for key in RUN if key != "command"}):
        with pytest.raises(ValueError, match="exactly the keys"):
            document(
                run=wrong,
                checks=CHECKS,
                ledger=run.ledger,
                verdict=run.verdict,
                notes=(),
                outcomes=run.outcomes,
            )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**70, "an integer of 71 bits"),
        (1.5, 1.5),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        ("half \ud83d", "half \\ud83d"),
        ((1, (2,)), [1, [2]]),
        ({3, 1, 2}, [1, 2, 3]),
        ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (b"raw", "<bytes>"),
        (object(), "<object>"),
    ],
)
def test_evidence_is_plain(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_evidence_is_capped() -> None:
    assert plain(10**5000) == "an integer of 16610 bits"
    assert plain_text("a" * 5000) == "a" * 4096 + " ... and 904 more bytes"
    assert plain_text("日" * 2000) == "日" * 1365 + " ... and 1905 more bytes"
    assert plain(list(range(205)))[199:] == [199, "... and 5 more"]
    many = plain({f"{number:03}": number for number in reversed(range(205))})
    assert many["..."] == "and 5 more"
    assert "199" in many
    assert "200" not in many
    deep: Any = 1
    for _ in range(2000):
        deep = [deep]
    assert "nested too deeply" in json.dumps(plain(deep))
    wide = plain([[[0] * 200] * 200] * 200)
    assert len(json.dumps(wide)) < 100_000
    assert "too many values" in json.dumps(wide)


JSONISH = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(JSONISH)
def test_any_evidence_makes_bytes(value: Any) -> None:
    run = sample()
    outcomes = (replace(run.outcomes[0], evidence={"value": value}), *run.outcomes[1:])
    results = again(run, outcomes)
    json.loads(to_bytes(results), parse_constant=pytest.fail)
