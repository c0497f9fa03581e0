"""Clocks: what is surely apart, what nobody can tell, and which source of time is none."""

from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import CHRONY
from rules.clocks import Clock, time_source_objection
from simpool.dom0_system import CHRONY_LOST, chrony, ntp


@dataclass
class Answer:
    rc: int
    stdout: str
    stderr: str = ""


class Dom0:
    """A dom0 that answers one of the two programs; the other is not there."""

    def __init__(self, program: str, answer: Answer) -> None:
        self.program, self.answer = program, answer

    def run(self, command: str) -> Answer:
        asked = "chrony" if command == CHRONY.command else "ntp"
        return self.answer if asked == self.program else Answer(127, "")


def judged(program: str, stdout: str, stderr: str = "", status: int = 0) -> str:
    dom0: Any = Dom0(program, Answer(status, stdout, stderr))
    return time_source_objection(dom0)


@pytest.mark.parametrize(
    ("program", "said", "found"),
    [
        ("chrony", chrony(0.001), ""),
        ("chrony", CHRONY_LOST, "chrony follows no source of time"),
        (
            "chrony",
            chrony(0.001).replace("C6336402", "7F7F0101"),
            "chrony follows the clock of the machine itself",
        ),
        ("ntp", ntp(0.001, following=True), ""),
        ("ntp", ntp(0.001, following=False), "ntpd follows no source of time"),
        ("ntp", ntp(0.001, following=True).replace(" 512 1024 ", " 512  34m "), ""),
        (
            "ntp",
            ntp(0.001, following=True).replace("*198.51.100.2 ", "*127.127.1.0  "),
            "ntpd follows the clock of the machine itself",
        ),
    ],
)
def test_sources_of_time(program: str, said: str, found: str) -> None:
    assert judged(program, said) == found


def test_services_that_do_not_run() -> None:
    assert judged("chrony", "506 Cannot talk to daemon\n", status=1) == "chronyd does not run"
    refused = "ntpq: read: Connection refused\n"
    assert judged("ntp", "", refused) == "ntpd does not run"


class Both(Dom0):
    """A dom0 with both programs; chronyd does not run."""

    def run(self, command: str) -> Answer:
        asleep = Answer(1, "506 Cannot talk to daemon\n")
        return asleep if command == CHRONY.command else self.answer


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(0, ntp(0.001, following=True)), ""),
        (Answer(0, ntp(0.001, following=False)), "ntpd follows no source of time"),
        (Answer(0, "", "ntpq: read: Connection refused\n"), "chronyd does not run"),
        (Answer(127, ""), "chronyd does not run"),
    ],
)
def test_ntpd_works_where_chronyd_only_lies_about(answer: Answer, found: str) -> None:
    dom0: Any = Both("ntp", answer)
    assert time_source_objection(dom0) == found


@pytest.mark.parametrize("program", ["chrony", "ntp"])
@pytest.mark.parametrize("said", ["", "garbage\n", "Leap status     : Normal\n", "a\nb\n*c\n"])
def test_what_cannot_be_read_is_not_verified(program: str, said: str) -> None:
    with pytest.raises(NotVerifiedError):
        judged(program, said)
    with pytest.raises(NotVerifiedError):
        judged(program, said, "Input/output error", 1)


def test_half_an_answer_is_not_verified() -> None:
    with pytest.raises(NotVerifiedError):
        judged("chrony", chrony(0.001), status=1)
    with pytest.raises(NotVerifiedError):
        judged("ntp", ntp(0.001, following=True) + "?? what is this\n")


def test_clocks_differ_only_by_what_is_sure() -> None:
    ours, slow = Clock(0, 0), Clock(-40, 50)
    assert (Clock(0, 1).surely, Clock(-61, -61).surely, Clock(600, 602).surely) == (0, 60, 599)
    assert slow.surely == 0
    assert slow.perhaps == 50
    assert ours.apart(Clock(400, 401)) == Clock(400, 401).apart(ours) == 399
