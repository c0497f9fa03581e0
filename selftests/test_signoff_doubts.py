"""Bundles and decisions made or altered to mislead: the doubt has a name, nothing is approved."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.private_files import write_private
from reports import approval
from reports import decision as decisions
from reports.decision import Decision
from reports.manifest import verify
from reports.signoff import CannotSignError
from selftests.signing import account, approve, forge, make_bundle, make_keys, refusals, rewrite

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "archive")


def _first(outcome: str, *, counted: bool = True, **more: Any) -> Callable[[dict[str, Any]], None]:
    def change(results: dict[str, Any]) -> None:
        results["outcomes"][0].update(outcome=outcome, **more)
        if counted:
            account(results)

    return change


def _twice(results: dict[str, Any]) -> None:
    results["outcomes"].append(results["outcomes"][0])
    account(results)


def _nothing(results: dict[str, Any]) -> None:
    results["outcomes"].clear()
    account(results)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_first("blocked"), "it has a blocker that its verdict denies"),
        (_first("not-verified"), "it has a blocker that is not verified, which its verdict denies"),
        (_first("not-verified", severity="info"), "not verified, which its verdict denies"),
        (_first("warning"), "it has a blocker that only warns"),
        (_first("waived", waiver={"original": "blocked"}), "A-01:0f0b is waived, and cannot be"),
        (_first("warning", counted=False), "its ledger does not add up"),
        (lambda r: r.update(verdict="READY"), "its outcomes say READY WITH CONDITIONS"),
        (lambda r: r["outcomes"].pop(), "its ledger does not add up"),
        (lambda r: r["outcomes"].append(r["outcomes"][0]), "its ledger does not add up"),
        (_twice, "its ledger does not add up"),
        (lambda r: r["ledger"].update(adds_up=False), "its ledger does not add up"),
        (lambda r: r["ledger"].update(problems=["two"]), "its ledger does not add up"),
        (
            lambda r: (
                [one.update(planned=2, deselected=1) for one in r["ledger"]["checks"]]
                + [r["ledger"].update(planned=4, deselected=2)]
            ),
            "its ledger is not complete",
        ),
        (_nothing, "its ledger is not complete"),
        (lambda r: r.update(flags=[]), "it is BLOCKED"),
        (lambda r: r.update(outcomes=["x"]), "do not have the form of results"),
        (lambda r: r.pop("ledger"), "do not have the form of results"),
        (lambda r: r["run"]["pool"].update(uuid="other"), "names another pool or verdict than its"),
    ],
)
def test_results_that_contradict_themselves(
    bundle: Path, keys: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    rewrite(bundle, change)
    with pytest.raises(CannotSignError, match=words):
        approve(bundle, keys)
    forge(bundle, keys)
    found = refusals(bundle, keys / "allowed")
    assert any(words in one for one in found), found
    approve(bundle, keys, "bob", decision="reject")


@pytest.mark.parametrize("ended", ["2026-11-20T20:15:04", "soon", None])
def test_results_that_do_not_say_when_the_run_ended(bundle: Path, keys: Path, ended: Any) -> None:
    rewrite(bundle, lambda results: results["run"].update(ended=ended))
    forge(bundle, keys)
    assert "results.json: it does not say when the run ended" in refusals(bundle, keys / "allowed")


def test_the_manifest_names_another_verdict(bundle: Path, keys: Path) -> None:
    rewrite(bundle, lambda _: None, verdict="READY")
    with pytest.raises(CannotSignError, match="names another pool or verdict than its results"):
        approve(bundle, keys)


@pytest.mark.parametrize("name", ["manifest.json", "results.json"])
def test_what_changes_while_it_is_looked_at(
    bundle: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whoever can write to the bundle shows each reader other bytes; only the signed ones count."""
    approve(bundle, keys)
    rightful = {one: (bundle / one).read_bytes() for one in ("manifest.json", "results.json")}
    rewrite(bundle, _first("blocked"))
    if name == "manifest.json":
        altered, shown = rightful[name], (bundle / name).read_bytes()
    else:
        altered, shown = (bundle / name).read_bytes(), rightful[name]
        write_private(bundle / "manifest.json", rightful["manifest.json"])
    (bundle / name).write_bytes(shown)
    looked = verify

    def then_alter(*words: Any) -> tuple[str, ...]:
        found = looked(*words)
        (bundle / name).write_bytes(altered)
        return found

    monkeypatch.setattr(approval, "verify", then_alter)
    assert refusals(bundle, keys / "allowed") != ()


def test_keys_that_share_a_name_are_one_person(bundle: Path, keys: Path, tmp_path: Path) -> None:
    approve(bundle, keys, signer="alice-admin@example.org")
    approve(bundle, keys, "bob", signer="alice@example.org")
    alice, bob = (
        " ".join((keys / f"{one}.pub").read_text().split()[:2]) for one in ("alice", "bob")
    )
    both = f"alice@example.org,alice-admin@example.org {alice}\nalice@example.org {bob}\n"
    anybody = f"*@example.org {alice}\n*@example.org {bob}\n"
    for text in (both, anybody):
        (tmp_path / "allowed").write_text(text)
        assert refusals(bundle, tmp_path / "allowed", 2) == ("approved by 1 of 2 people",)
    (tmp_path / "allowed").write_text(both.replace("alice@example.org,", "").replace("\r", ""))
    assert refusals(bundle, tmp_path / "allowed", 2) == ()


def test_a_reject_that_does_not_count_is_no_approval(bundle: Path, keys: Path) -> None:
    approve(bundle, keys)
    path = approve(bundle, keys, "bob", decision="reject")
    text = path.read_bytes()
    for change in (
        lambda: path.write_bytes(text.replace(b"reject", b"approve")),
        lambda: path.write_bytes(b""),
        path.unlink,
    ):
        change()
        assert refusals(bundle, keys / "allowed") != ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"comment"', b'"decision": "reject",\n "comment"'),
        (b'"signer": "a', b'"signer": " a'),
        (b"alice@", b"al\\u200bice@"),
        (b"T10:00:00Z", b"T10:0:00Z"),
        (b"\n}", b"\n }"),
    ],
)
def test_decisions_that_can_be_read_in_two_ways(old: bytes, new: bytes) -> None:
    parts = ("0" * 64, "0f0b", "READY", "approve", "alice@example.org", "", "")
    good = Decision(*parts, "2026-11-21T10:00:00Z").to_bytes()  # type: ignore[arg-type]
    assert decisions.parse(good).signer == "alice@example.org"
    assert old in good
    with pytest.raises(ValueError, match=r"time is none|hidden|not written as decisions are"):
        decisions.parse(good.replace(old, new))
