"""A run stopped half way says so and cannot be approved; its facts are judged to the end later."""

import shutil
import subprocess
from pathlib import Path

import pytest

from reports.signoff import CannotSignError, sign
from selftests.running import audit

# Sends the Ctrl-C at an exact moment; the signal is a real one.
INTERRUPTER = """
import os, signal
import reports.account

added = reports.account.Account.add

def add(self, outcome):
    added(self, outcome)
    if len(self.outcomes) == len(self.planned) * 2 // 5:
        os.kill(os.getpid(), signal.SIGINT)

reports.account.Account.add = add
"""


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing")
def test_stopped_at_forty_percent(tmp_path: Path) -> None:
    (tmp_path / "interrupter.py").write_text(INTERRUPTER)
    run = audit(
        tmp_path / "archive",
        "-p",
        "interrupter",
        "--pool=sim",
        environment={"PYTHONPATH": str(tmp_path)},
    )
    assert run.code == 40, run.out
    ledger = run.results["ledger"]
    assert run.results["verdict"] == "INCOMPLETE"
    assert 0.3 < 1 - ledger["not-reached"] / ledger["planned"] < 0.5
    assert "the run was interrupted" in run.out

    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", str(key)], check=True)
    with pytest.raises(CannotSignError, match="it is INCOMPLETE"):
        sign(run.bundle, decision="approve", key=key, signer="alice")

    again = audit(tmp_path / "again", f"--pool={run.bundle}")
    assert again.code == 0, again.out
    assert again.results["ledger"]["not-reached"] == 0
    assert sign(again.bundle, decision="approve", key=key, signer="alice").exists()
