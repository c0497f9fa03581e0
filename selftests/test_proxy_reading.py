"""Proxies of yum: counted file by file, and never taken for none where nothing was counted."""

from dataclasses import dataclass

import pytest

from fixtures.exceptions import NotVerifiedError
from rules.proxies import PROXIES, proxied_files

CONF = "/etc/yum.conf"
REPO = "/etc/yum.repos.d/xcp-ng.repo"
NO_REPO = "grep: /etc/yum.repos.d/*.repo: No such file or directory\n"


@dataclass
class Answer:
    """What a dom0 says to the one probe."""

    stdout: str
    stderr: str = ""
    rc: int = 0

    def run(self, command: str) -> "Answer":
        assert command == PROXIES.command
        return self


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Answer(f"{CONF}:0\n{REPO}:0\ndone\n"), ()),
        (Answer(f"{CONF}:2\n{REPO}:1\ndone\n"), (CONF, REPO)),
        (Answer(f"{CONF}:1\ndone\n", NO_REPO), (CONF,)),
    ],
)
def test_read(said: Answer, expected: tuple[str, ...]) -> None:
    assert proxied_files(said) == expected


@pytest.mark.parametrize(
    "said",
    [
        Answer(""),
        Answer("done\n"),
        Answer(f"{CONF}:0\n"),
        Answer(f"{REPO}:0\ndone\n"),
        Answer(f"{CONF}:0\nproxy=http://a:b@192.0.2.9\ndone\n"),
        Answer(f"{CONF}:0\n{REPO}\ndone\n"),
        Answer("done\n", f"grep: {CONF}: No such file or directory\n"),
        Answer(f"{CONF}:0\ndone\n", f"grep: {REPO}: Permission denied\n"),
        Answer(f"{CONF}:0\ndone\n", rc=127),
    ],
)
def test_not_read(said: Answer) -> None:
    with pytest.raises(NotVerifiedError):
        proxied_files(said)


def test_no_password_is_asked_for() -> None:
    assert " -c " in PROXIES.command
