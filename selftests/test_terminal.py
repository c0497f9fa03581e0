import re
from dataclasses import replace
from typing import Any

import pytest

from reports.terminal import findings_lines
from reports.text import cells
from selftests.sample_run import HOSTILE, Sample, close, large, sample

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def lines(run: Sample, notes: tuple[str, ...] = (), **more: Any) -> list[str]:
    return findings_lines(run.outcomes, run.verdict, run.ledger, notes, "out/report.html", **more)


def test_blocked() -> None:
    shown = lines(sample(), ("a waiver expired",), width=200)
    assert shown == [
        "BLOCKED by 3 findings on 1 host and 2 VMs; 3 more blockers could not be verified",
        "! a waiver expired",
        "",
        "Blockers (3)",
        (
            "  ✗ HOST-HOTFIX-01  host xs-02: hotfixes - expected: the coordinator's, "
            "found: XS72E006 and XS72E010 missing"
        ),
        "      -> Apply what is missing, the coordinator first:",
        (
            "         `xe update-apply uuid=1a2b3c4d-0006-4000-8000-00000000e006 "
            "host=00010002-b7c9-4e1f-8a11-000000000002`"
        ),
        (
            "         `xe update-apply uuid=1a2b3c4d-0010-4000-8000-00000000e010 "
            "host=00010002-b7c9-4e1f-8a11-000000000002`"
        ),
        (
            '  ✗ VM-LOCAL-01     VM "><img src=x onerror=alert(1)>: disks - expected: none on a '
            "local SR while it runs, found: xvda on Local storage (xs-02)"
        ),
        (
            "      -> Shut it down for the upgrade: "
            "`xe vm-shutdown uuid=00020005-b7c9-4e1f-8a11-000000000005`"
        ),
        (
            "  ✗ VM-LOCAL-01     VM db-01: disks - expected: none on a local SR while it runs, "
            "found: xvda on Local storage (xs-02)"
        ),
        (
            "      -> Shut it down for the upgrade: "
            "`xe vm-shutdown uuid=00020003-b7c9-4e1f-8a11-000000000003`"
        ),
        "",
        "Could not be verified (6, of which 3 may block)",
        "  ? 2 checks        host xs-03: SSH refused the key of root, so its dom0 was not read",
        "                    HOST-HOTFIX-01, HOST-SPACE-01",
        "  ? VM-AGILE-01     VM web-02: the SR of xvdb vanished between two calls",
        "  ? HOST-HCL-01     3 hosts: no hardware list was given: `--hcl FILE`",
        "",
        "Warnings (11)",
        (
            "  ! VM-BACKUP-01    11 VMs: backup - expected: younger than 7 days, found: none "
            "(\"><img src=x onerror=alert(1)>, <script>document.title='owned'</script>, "
            "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL… and 8"
        ),
        "                    more)",
        "",
        "  ~ 1 waived: POOL-TRIAL-01; the first waiver ends 2026-12-31",
        "",
        "Ledger: 64 planned = 56 judged + 1 waived + 1 not applicable + 6 not verified",
        "BLOCKED by 3 findings on 1 host and 2 VMs; 3 more blockers could not be verified",
        "Report: out/report.html",
    ]


def test_ready_is_short() -> None:
    assert lines(sample(clean=True)) == [
        "READY: 11 checks passed on the pool, 3 hosts, 2 SRs and 12 VMs",
        "",
        "Ledger: 64 planned = 64 judged",
        "Report: out/report.html",
    ]


def test_colour_is_only_added() -> None:
    run = sample()
    plain, coloured = lines(run), lines(run, colour=True)
    assert coloured != plain
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == plain
    assert all(line.count("\x1b[") % 2 == 0 for line in coloured)


@pytest.mark.parametrize("width", [0, 40, 80, 100, 200])
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_hostile_names_are_harmless(width: int, verbose: bool, encoding: str) -> None:
    run = sample()
    for name in HOSTILE:
        outcomes = tuple(
            replace(
                one,
                object=replace(one.object, name=name),
                message=one.message and f"VM {name}: {name}",
                cause=one.cause and name,
                remedy=f"{name}\n{name}",
            )
            for one in run.outcomes
        )
        shown = lines(
            replace(run, outcomes=outcomes),
            (name,),
            width=width,
            verbose=verbose,
            encoding=encoding,
        )
        for line in shown:
            assert not CONTROL.search(line), line
            line.encode(encoding)


def test_lines_fit_the_terminal() -> None:
    commands = ("      ->", "         ", "BLOCKED", "Ledger", "Report")
    for width in (60, 80, 120):
        for line in lines(sample(), width=width):
            assert line.startswith(commands) or cells(line) <= width


def test_same_cause_is_one_line() -> None:
    run = large(300)
    outcomes = tuple(
        replace(one, outcome="not-verified", cause="the dump does not hold it")
        if one.check == "VM-AGILE-01"
        else one
        for one in run.outcomes
    )
    shown = lines(close(run.planned, outcomes))
    assert "  ? VM-AGILE-01     300 VMs: the dump does not hold it" in shown
    assert "  ! VM-BACKUP-01    300 VMs: backup - expected: younger than 7 days" in "\n".join(shown)
    assert len(shown) < 40


def test_long_lists_are_capped_and_no_check_is_hidden() -> None:
    run = large(300)
    outcomes = tuple(
        replace(one, outcome="blocked", message=f"VM {one.object.name}: bad {index}", remedy="")
        if one.check in ("VM-AGILE-01", "VM-LOCAL-01")
        else one
        for index, one in enumerate(run.outcomes)
    )
    blocked = close(run.planned, outcomes)
    shown = lines(blocked)
    assert len([line for line in shown if line.startswith("  ✗")]) <= 40
    for check in ("VM-AGILE-01", "VM-LOCAL-01", "HOST-HOTFIX-01", "VM-BACKUP-01", "HOST-HCL-01"):
        assert any(check in line for line in shown), check
    (rest,) = [line for line in shown if "more: in the report, or with -v" in line]
    listed = len([line for line in shown if line.startswith("  ✗")])
    assert rest == f"  ... and {601 - listed} more: in the report, or with -v"
    assert len([line for line in lines(blocked, verbose=True) if line.startswith("  ✗")]) == 601


def test_problems_of_the_ledger_are_said() -> None:
    run = sample()
    doubled = close(run.planned, (*run.outcomes, run.outcomes[0]))
    assert f"Ledger: {run.outcomes[0].finding} has 2 outcomes" in lines(doubled)


def test_a_finding_without_message() -> None:
    run = sample()
    mute = close(run.planned, tuple(replace(one, message="") for one in run.outcomes))
    assert any("failed, without a message" in line for line in lines(mute))
