"""Database dumps of real pools, when they lie beside the checkout."""

import json
from pathlib import Path

import pytest

from selftests.running import ROOT, audit

TARGETS = ("xenserver-7.2", "xenserver-8", "xcp-ng-8.3")
DUMPS = sorted((ROOT.parent / "shared" / "pools").glob("*.xml"))


@pytest.mark.skipif(not DUMPS, reason="../shared/pools is not here: no dumps of real pools")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_a_real_dump_gets_a_verdict_and_no_internal_error(
    dump: Path, target: str, tmp_path: Path
) -> None:
    run = audit(tmp_path / "first", f"--pool={dump}", f"--target={target}")
    assert run.code in {1, 30}, run.out
    assert "Traceback" not in run.out
    for one in run.results["outcomes"]:
        assert "the check itself failed" not in one["cause"], json.dumps(one, indent=1)
    assert run.results["ledger"]["adds_up"]
    if target != TARGETS[0]:
        return
    again = audit(tmp_path / "second", f"--pool={run.bundle}")
    assert (again.bundle / "results.json").read_bytes() == (
        run.bundle / "results.json"
    ).read_bytes()
