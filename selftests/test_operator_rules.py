"""Waivers and attestations in a whole audit: what holds, what is said, where a reader finds it."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.catalogue import discover
from reports.catalogue import PAGE, contents
from selftests.faulty_pools import pool_named
from selftests.running import Run, audit
from selftests.test_checks import of_check
from simpool.pools import default

TODAY = datetime.now(UTC).date()
MEASURE = "the maker watches the first start <img src=x onerror=alert(1)>"


def waiver(finding: str, *, days: int = 30, **more: str) -> str:
    texts = {
        "finding": finding,
        "owner": "Ada",
        "approver": "Grace",
        "reason": "old appliances",
        "ticket": "CHG-7",
        **more,
    }
    lines = [f'{key} = "{text}"' for key, text in texts.items()]
    dates = [f"from = {TODAY - timedelta(days=1)}", f"until = {TODAY + timedelta(days=days)}"]
    return "\n".join(["[[waiver]]", *lines, *dates, ""])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("operator")
    (folder / "waivers.toml").write_text(
        "\n".join(
            [
                waiver("VM-TOOLS-01:*", why_all="all are appliances", measure=MEASURE),
                waiver("HOST-LIVE-01:*", why_all="as you like"),
                waiver("HOST-BACKUP-01:*", why_all="in another system", days=14),
                waiver("*:*", why_all="peace and quiet"),
                waiver("VM-RESTART-01:*", why_all="desktops"),
            ]
        )
    )
    (folder / "poolproof.toml").write_text(
        '[thresholds]\nwaiver_days = 31\n[attestors]\nPOOL-TRIAL-01 = ["Ada"]\nPOOL-TRAIL-01 = ["Ada"]\n'
    )
    words = [f"--waivers={folder}/waivers.toml", f"--settings={folder}/poolproof.toml"]
    return audit(folder / "archive", "--pool=sim", *words)


def notes(run: Run) -> str:
    return "\n".join(run.results["notes"])


def test_a_whole_check_is_waived_and_said(run: Run) -> None:
    assert run.outcomes("VM-TOOLS-01")[default.OLD_TOOLS] == "waived"
    assert run.outcomes("VM-TOOLS-01")[default.WAIVED] == "waived"
    assert "waiver 1 (VM-TOOLS-01:*) names no object" in notes(run)
    assert "2 findings in this run" in notes(run)
    one = run.of("VM-TOOLS-01", default.OLD_TOOLS)
    assert one["waiver"]["original"] == "warning"
    assert (one["waiver"]["why_all"], one["waiver"]["measure"]) == ("all are appliances", MEASURE)
    assert one["message"]


def test_what_waives_nothing_is_said(run: Run) -> None:
    assert "waiver 2 (HOST-LIVE-01:*) waives nothing: HOST-LIVE-01 allows no waiver" in notes(run)
    assert "waiver 4 (*:*) waives nothing: nothing waives several checks" in notes(run)
    assert "waiver 5 (VM-RESTART-01:*) was not needed" in notes(run)
    assert run.outcomes("HOST-BACKUP-01")["xen-03"] == "waived"


def test_only_who_may_answer_does(run: Run) -> None:
    (one,) = [o for o in run.results["outcomes"] if o["check"] == "POOL-TRIAL-01"]
    assert one["outcome"] == "not-verified"
    assert "A. Novak may not answer it; Ada may" in one["cause"]
    assert 'by = ""  # one of: Ada' in one["remedy"]
    assert "attestors: no question is called POOL-TRAIL-01" in notes(run)


def test_an_answer_is_evidence(run: Run) -> None:
    (one,) = [o for o in run.results["outcomes"] if o["check"] == "POOL-MEDIA-01"]
    assert one["outcome"] == "pass"
    said = one["evidence"]["attestation"]
    assert set(said) == {"question", "answer", "by", "when", "until"}
    assert (said["question"], said["answer"], said["by"]) == ("POOL-MEDIA-01", "yes", "A. Novak")


def test_the_measure_is_in_every_report(run: Run) -> None:
    page = (run.bundle / "report.html").read_text(encoding="utf-8")
    assert "Instead: the maker watches the first start &lt;img" in page
    assert "For all objects: all are appliances" in page
    assert "<img" not in page
    table = (run.bundle / "findings.csv").read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(table)) if row["check"] == "VM-TOOLS-01"]
    waived = [row for row in rows if row["outcome"] == "waived"]
    assert {row["compensating measure"] for row in waived} == {MEASURE}
    assert {row["waived for all objects because"] for row in waived} == {"all are appliances"}
    assert "instead: the maker watches" in (run.bundle / "summary.md").read_text(encoding="utf-8")


def test_the_catalogue_of_a_run_says_what_may_be_waived(run: Run) -> None:
    told = {one["id"]: one for one in run.results["catalogue"]}
    assert not told["SR-TWO-POOLS-01"]["waivable"]
    assert told["VM-TOOLS-01"]["waivable"]
    assert told["POOL-TRIAL-01"]["question"].startswith("Has this upgrade been tried")
    assert told["VM-TOOLS-01"]["question"] == ""


def test_a_replay_says_the_same(run: Run, tmp_path: Path) -> None:
    again = audit(tmp_path, f"--pool={run.bundle}")
    assert (again.bundle / "results.json").read_bytes() == (
        run.bundle / "results.json"
    ).read_bytes()


@pytest.mark.parametrize(
    ("changes", "word", "says"),
    [
        ({}, "pass", ""),
        ({"answer": "none"}, "pass", ""),
        ({"answer": "no"}, "warning", "B. Okafor says no"),
        ({"answer": "None"}, "not-verified", '"answer" must be "yes", "none" or "no", not "None"'),
        ({"when": "2020-01-01"}, "not-verified", "holds for 90 at most"),
        ({"until": "9999-12-31"}, "not-verified", "holds for 90 at most"),
        ({"by": "B. Okafor\n\u202e"}, "pass", ""),
    ],
)
def test_each_question_has_its_answers(changes: dict[str, str], word: str, says: str) -> None:
    pool = pool_named("ch82")
    (said,) = [o for o in pool.inputs["attestations"] if o["question"] == "POOL-BITLOCKER-01"]
    said.update(changes)
    (one,) = of_check(pool, "POOL-BITLOCKER-01")
    assert one.outcome == word
    assert says in (one.message or one.cause)


def test_the_catalogue_lists_questions_and_what_allows_no_waiver() -> None:
    page = contents([found.info for found in discover().checks.values()])[PAGE]
    assert "| [POOL-MIRROR-01](#pool-mirror-01) | Do all hosts reach" in page
    assert "| yes, none, no | 90 days |" in page
    assert "| yes, no | 30 days |" in page
    part = page.split("\n## SR-TWO-POOLS-01\n")[1].split("\n## ")[0]
    assert "**Waiver**: none" in part
    assert page.count("**Waiver**: none") == 5
