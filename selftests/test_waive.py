"""`python -m reports.waive`: prints an entry that holds once it is completed, and nothing else."""

import json
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.waivers import judge_waivers, load_waivers
from reports.results import finding_of, to_bytes
from reports.waive import CannotWaiveError, entry, main, most_days, quoted
from selftests.sample_run import HOSTILE, HOSTS, MARKUP, POOL, VMS, sample

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BLOCKED = f"HOST-HOTFIX-01:{HOSTS[1].uuid}"
TEXTS = {"owner": "Ada", "approver": "Grace", "reason": "because", "ticket": "CHG-1"}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "results.json").write_bytes(to_bytes(sample().results))
    return tmp_path


def lines(finding: str, results: dict[str, Any] | None = None, **texts: str) -> str:
    found = results or sample().results
    return "\n".join(entry(found, finding, day=DAY, days=30, texts={**TEXTS, **texts})) + "\n"


def refused(finding: str, results: dict[str, Any] | None = None, **texts: str) -> str:
    with pytest.raises(CannotWaiveError) as no:
        lines(finding, results, **texts)
    return str(no.value)


def findings(word: str) -> list[str]:
    return [finding_of(one) for one in sample().results["outcomes"] if one["outcome"] == word]


def judged(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    known = [finding_of(one) for one in sample().results["outcomes"]]
    return judge_waivers(load_waivers(path), NOW, known)


@pytest.mark.parametrize("finding", [*findings("blocked"), *findings("warning")])
def test_a_completed_entry_waives(tmp_path: Path, finding: str) -> None:
    book = judged(tmp_path, lines(finding))
    assert list(book.valid) == [finding]
    assert book.notes == ()


def test_what_is_not_known_stays_empty_and_waives_nothing(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(bundle), BLOCKED, "--owner=Ada", "--measure=watched", "--days=7"]) == 0
    out = capsys.readouterr().out
    (one,) = tomllib.loads(out)["waiver"]
    today = datetime.now(UTC).date()
    assert one.pop("from") in {today, today - timedelta(days=1)}
    assert one.pop("until") - today <= timedelta(days=7)
    assert one == {
        "finding": BLOCKED,
        "owner": "Ada",
        "approver": "",
        "reason": "",
        "ticket": "",
        "measure": "watched",
    }
    assert out.startswith("# blocked: host xs-02: hotfixes - expected: the coordinator's")
    assert '"approver" is missing; "reason" is missing' in judged(bundle, out).notes[0]


def test_it_writes_no_file(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (bundle / "results.json").read_bytes()
    monkeypatch.chdir(bundle)
    assert main([str(bundle), BLOCKED]) == 0
    assert [path.name for path in bundle.iterdir()] == ["results.json"]
    assert (bundle / "results.json").read_bytes() == before


def test_all_objects_of_a_check(tmp_path: Path) -> None:
    text = lines("VM-BACKUP-01:*", why_all="desktops")
    assert text.count("# warning: VM ") == 5
    assert "# ... and 6 more" in text
    book = judged(tmp_path, text)
    assert book.notes == ()
    assert book.applies(f"VM-BACKUP-01:{VMS[2].uuid}").is_wide
    assert '"why_all" is missing' in judged(tmp_path, lines("VM-BACKUP-01:*")).notes[0]


def test_a_waived_finding_can_be_renewed(tmp_path: Path) -> None:
    text = lines(f"POOL-TRIAL-01:{POOL.uuid}")
    assert text.startswith("# warning, waived until 2026-12-31: pool")
    assert judged(tmp_path, text).notes == ()


def test_what_passed_is_refused() -> None:
    for finding in findings("pass"):
        assert "it passed: there is nothing to waive" in refused(finding)
    for finding in findings("not-applicable"):
        assert "it does not apply" in refused(finding)


def test_what_is_not_verified_is_refused() -> None:
    assert findings("not-verified")
    for finding in findings("not-verified"):
        assert "what nobody knows nobody can accept" in refused(finding)
    assert "found nothing to waive" in refused("HOST-HCL-01:*", why_all="all")


@pytest.mark.parametrize("finding", [BLOCKED, "HOST-HOTFIX-01:*"])
def test_a_check_that_allows_no_waiver(finding: str) -> None:
    results = json.loads(to_bytes(sample().results))
    for one in results["catalogue"]:
        one["waivable"] = one["id"] != "HOST-HOTFIX-01"
    assert "HOST-HOTFIX-01 allows no waiver" in refused(finding, results)


@pytest.mark.parametrize(
    "finding",
    ["*", "*:*", ":*", "HOST-*:*", "HOST-*:uuid", "HOST-HOTFIX-01", "HOST-HOTFIX-01:", "", "a:b",
     "HOST-HOTFIX-01:a b", "HOST-HOTFIX-01:a*", "\x1b[31m\u202e\n:*"],
)  # fmt: skip
def test_nothing_waives_everything(finding: str) -> None:
    said = refused(finding, why_all="all")
    assert "is no finding" in said
    assert said.isprintable()


def test_the_nearest_are_named() -> None:
    assert "did you mean HOST-HOTFIX-01" in refused(f"HOST-HOTFIXES-01:{HOSTS[1].uuid}")
    by_name = refused("VM-LOCAL-01:db-01").splitlines()
    assert "VM-LOCAL-01 has no such object" in by_name[0]
    assert by_name[1] == f"  VM-LOCAL-01:{VMS[2].uuid}  VM db-01"
    near = f"{VMS[2].uuid[:-1]}9"
    assert VMS[2].uuid in refused(f"VM-LOCAL-01:{near}").splitlines()[1]
    assert "and nothing to waive" in refused("POOL-HA-01:nothing")
    for line in refused("VM-BACKUP-01:right").splitlines():
        assert line.isprintable()


def test_a_reason_for_all_needs_all() -> None:
    assert "--why-all is for" in refused(BLOCKED, why_all="all")
    assert "longer than" in refused(BLOCKED, reason="x" * 3000)


@pytest.mark.parametrize(
    "text",
    [*HOSTILE, 'quote " and \\ backslash', "'''", '"""', "# no comment", "\U0001f600", "\x7f"],
)
def test_any_text_comes_back_out_of_the_entry(text: str) -> None:
    assert quoted(text).isascii()
    assert quoted(text).isprintable()
    whole = text.encode("utf-8", "backslashreplace").decode()
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == whole


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_comment(
    name: str, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = json.loads(to_bytes(sample().results))
    for one in results["outcomes"]:
        one["object"]["name"] = name
        one["message"] = one["message"] and f"{name}\n[[waiver]]\n{MARKUP}"
    (bundle / "results.json").write_bytes(to_bytes(results))
    assert main([str(bundle), BLOCKED]) == 0
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines())
    (one,) = tomllib.loads(out)["waiver"]
    assert one["finding"] == BLOCKED
    assert main([str(bundle), "HOST-HOTFIX-01:nothing"]) == 1
    assert all(line.isprintable() for line in capsys.readouterr().err.splitlines())


@pytest.mark.parametrize(
    ("stored", "days"),
    [(None, 90), ("{", 90), ("[]", 90), ('{"waiver_days": {"value": 14}}', 14),
     ('{"waiver_days": {"value": "14"}}', 90), ('{"waiver_days": 14}', 90)],
)  # fmt: skip
def test_the_limit_is_that_of_the_run(bundle: Path, stored: str | None, days: int) -> None:
    if stored is not None:
        (bundle / "facts" / "inputs").mkdir(parents=True)
        (bundle / "facts" / "inputs" / "settings.json").write_text(stored)
    assert most_days(bundle) == days
    assert main([str(bundle), BLOCKED, f"--days={days + 1}"]) == 1
    assert main([str(bundle), BLOCKED, f"--days={days}"]) == 0
    assert main([str(bundle), BLOCKED, "--days=-1"]) == 1
    assert main([str(bundle), BLOCKED]) == 0


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schema": "other"}', b"\xff"])
def test_no_bundle_is_said(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none"), BLOCKED]) == 1
    (tmp_path / "results.json").write_bytes(content)
    assert main([str(tmp_path), BLOCKED]) == 1
    assert capsys.readouterr().err.count("ERROR: ") == 2


def test_what_makes_no_sense() -> None:
    assert main([]) == 4
    assert main(["x", "y", "--days=soon"]) == 4
    assert main(["--help"]) == 0
