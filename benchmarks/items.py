"""What an item costs: pytest as it is, its subtests, an audit's checks, side by side; see README.md."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fixtures.catalogue import discover
from fixtures.facts_store import write_facts
from simpool.builder import add_host, add_network, add_sr, add_vm, new_pool, pool_record
from simpool.direct import facts_of

ROOT: Final = Path(__file__).resolve().parent.parent
VMS: Final = 600
EVERY: Final = 5
"""One item of so many fails, in the runs that have failures."""

PARAMETRIZED = """\
import pytest

@pytest.mark.parametrize("n", range({number}), ids=[f"vm-{{n:05}}" for n in range({number})])
def test_item(n):
    assert not {failing} or n % {every}, "expected: on, found: off"
"""
SUBTESTS = """\
import pytest

@pytest.mark.parametrize("check", range({number} // {vms}))
def test_items(check, subtests):
    for n in range({vms}):
        with subtests.test(n=n):
            assert n >= 0
"""
HEAD = '''\
"""Checks that judge next to nothing."""

from fixtures.contract import blocker, check
from fixtures.evidence import Evidence
from fixtures.model import VM
'''
CHECK = '''

@check("SITE-ITEM{n:03}-01", blocker)
def test_item_{n:03}(vm: VM, evidence: Evidence) -> None:
    """The VM is halted.

    Why: nobody needs to know.
    Source: none.
    Remedy: `xe vm-shutdown uuid={{vm.uuid}}`.
    Risk: VM outage.
    """
    evidence(state=vm.power_state)

    assert vm.power_state == "Halted", f"VM {{vm.title}}: state - expected: off, found: on"
'''
# Runs inside the audit, so that reading and reporting, which others measure, are told apart.
PHASES = """\
import json
import os
import time

import pytest

MOMENTS = []

def moment():
    used = os.times()
    size = int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    MOMENTS.append((time.perf_counter(), used.user + used.system, size))

@pytest.hookimpl(trylast=True)
def pytest_sessionstart():
    moment()

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish():
    moment()
    with open(os.environ["MOMENTS"], "w") as file:
        json.dump(MOMENTS, file)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has used: seconds, seconds of a CPU, MB at its peak."""

    seconds: float
    cpu: float
    peak: float

    def told(self, name: str, base: "Cost | None" = None) -> str:
        """One line of the table; ratios to `base`, in seconds of a CPU and in memory."""
        line = f"{name:42} {self.seconds:7.1f} s {self.cpu:7.1f} s CPU {self.peak:6.0f} MB"
        if base is None:
            return line
        return f"{line}   {self.cpu / base.cpu:5.2f} x CPU {self.peak / base.peak:5.2f} x MB"


def cost(words: list[str], where: Path, out: Path, environment: Mapping[str, str]) -> Cost:
    """Run `python -m pytest WORDS` in a folder; what it prints goes to a file.

    Raises:
        RuntimeError: it ended otherwise than with passes (0) or findings (1).
    """
    command = [sys.executable, "-m", "pytest", *words]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "POOLPROOF_"))}
    with out.open("wb") as stream:
        begun = time.perf_counter()
        process = os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", 'cd "$0" && exec "$@"', str(where), *command],
            {**kept, "CI": "true", **environment},
            file_actions=[(os.POSIX_SPAWN_DUP2, stream.fileno(), n) for n in (1, 2)],
        )
        _, status, used = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) not in {0, 1}:
        raise RuntimeError(out.read_text(errors="replace")[-2000:])
    seconds = time.perf_counter() - begun
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def bare(folder: Path, text: str, *words: str) -> Cost:
    """Run a file of tests with pytest alone, without any other plugin than those named."""
    folder.mkdir()
    (folder / "test_items.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return cost(["-q", *words], folder, folder / "out.txt", {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})


def ours(folder: Path, number: int, *, failing: bool = False) -> tuple[Cost, Cost]:
    """Judge a pool again by that many items; the whole run, and collecting and judging alone."""
    site, facts = folder / "site", folder / "facts"
    site.mkdir(parents=True)
    checks = "".join(CHECK.format(n=n) for n in range(number // VMS))
    (site / "test_items.py").write_text(HEAD + checks)
    _write_facts(facts, site, failing=failing)
    (folder / "phases.py").write_text(PHASES)
    environment = {"MOMENTS": str(folder / "moments"), "PYTHONPATH": str(folder)}
    words = [f"--pool={facts}", f"--checks={site}", f"--archive={folder / 'archive'}"]
    whole = cost(["-p", "phases", *words], ROOT, folder / "out.txt", environment)
    first, last = json.loads((folder / "moments").read_text())
    return whole, Cost(last[0] - first[0], last[1] - first[1], last[2] / 2**20)


def _write_facts(folder: Path, site: Path, *, failing: bool) -> None:
    pool = new_pool("items", "7.2", datetime(2026, 11, 23, 7, 0, tzinfo=UTC))
    add_host(pool, "alpha")
    sr = add_sr(pool, "san", "lvmoiscsi", shared=True)
    add_network(pool, "lan", device="eth0", management=True)
    pool_record(pool).update(default_SR=sr, suspend_image_SR=sr)
    for n in range(VMS):
        on = failing and n % EVERY == 0
        state, host = ("Running", "alpha") if on else ("Halted", None)
        add_vm(pool, f"vm-{n:05}", power_state=state, host=host)
    raw = facts_of(pool, probes=())
    mine = [asdict(one) for one in discover([site]).infos if one.id.startswith("SITE-")]
    moment = "2026-11-23T07:00:00Z"
    run = {"started": moment, "ended": moment, "command": ["pytest"]}
    write_facts(replace(raw, inputs={**raw.inputs, "checks": mine, "run": run}), folder)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--number", type=int, default=60_000, help="of items (default: 60000)")
    number = options.parse_args().number // VMS * VMS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{number} items that pass")
        text = PARAMETRIZED.format(number=number, failing=False, every=EVERY)
        base = bare(folder / "bare", text)
        print(base.told("pytest, parametrized"), flush=True)
        page = ["-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin"]
        html = bare(folder / "html", text, *page, "--html=page.html", "--self-contained-html")
        print(html.told("the same with pytest-html", base), flush=True)
        subtests = bare(folder / "subtests", SUBTESTS.format(number=number, vms=VMS))
        print(subtests.told("pytest's subtests, no ids of their own", base), flush=True)
        whole, judging = ours(folder / "ours", number)
        print(judging.told("an audit: collecting and judging", base))
        print(whole.told("an audit with reading and all its reports", base), flush=True)
        few = number // 3 // VMS * VMS
        print(f"\n{few} items, {few // EVERY} of which fail; ratios to the same without failures")
        _print_failures(folder, few)


def _print_failures(folder: Path, number: int) -> None:
    text = PARAMETRIZED.format(number=number, failing=False, every=EVERY)
    base = bare(folder / "bare-0", text, "--tb=no")
    text = PARAMETRIZED.format(number=number, failing=True, every=EVERY)
    print(bare(folder / "bare-1", text, "--tb=no", "-rN").told("pytest, --tb=no", base), flush=True)
    (none, judging), (some, also) = (
        ours(folder / f"ours-{failing}", number, failing=failing) for failing in (False, True)
    )
    print(also.told("an audit: collecting and judging", judging))
    print(some.told("an audit with reading and all its reports", none))


if __name__ == "__main__":
    main()
