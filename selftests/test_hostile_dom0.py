"""A dom0 that answers rubbish: no check crashes on it, and none passes."""

from dataclasses import replace

import pytest

from fixtures.audit import Audit
from fixtures.contract import Check, check_of
from fixtures.judgement import judge
from fixtures.raw import RawFacts, RawProbe
from fixtures.waivers import WaiverBook
from simpool.direct import facts_of
from simpool.pools.default import build
from tests_host import test_blobs, test_disk_layout, test_file_systems, test_hardware

RUBBISH = {
    "nothing": RawProbe("", "done", 0),
    "markup": RawProbe("", "done", 0, stdout="<img src=x onerror=alert(1)>\n\u202e\x00\n"),
    "digits": RawProbe("", "done", 0, stdout="9" * 4000),
    "many lines": RawProbe("", "done", 0, stdout="/dev/sda1 1 2 3 4% /\n" * 3000),
    "failure": RawProbe("", "done", 1, stderr="Input/output error\n"),
    "not found": RawProbe("", "done", 127, stderr="sh: sgdisk: command not found\n"),
    "hanging": RawProbe("", "timeout"),
    "cut off": RawProbe("", "missing"),
    "too long": RawProbe("", "done", 0, stdout="Filesystem\n", truncated=True),
}
CHECKS: dict[str, Check] = {
    found.info.id: found
    for module in (test_blobs, test_disk_layout, test_file_systems, test_hardware)
    for value in vars(module).values()
    if (found := check_of(value))
}


@pytest.fixture(scope="module")
def raw() -> RawFacts:
    return facts_of(build())


def outcome(raw: RawFacts, identifier: str) -> tuple[str, str]:
    audit = Audit(raw)
    found = judge(CHECKS[identifier], audit.facts.hosts[0], audit, WaiverBook({}, ()))
    return found.outcome, found.cause


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("identifier", sorted(CHECKS))
def test_everything_is_rubbish(raw: RawFacts, identifier: str, rubbish: str) -> None:
    dom0 = {
        uuid: replace(said, probes={c: replace(RUBBISH[rubbish], command=c) for c in said.probes})
        for uuid, said in raw.dom0.items()
    }
    word, cause = outcome(replace(raw, dom0=dom0), identifier)
    assert word == "not-verified"
    assert cause
    assert "the check itself failed" not in cause


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("identifier", sorted(CHECKS))
def test_one_answer_is_rubbish(raw: RawFacts, identifier: str, rubbish: str) -> None:
    for probe in CHECKS[identifier].probes:
        dom0 = {}
        for uuid, said in raw.dom0.items():
            answer = replace(RUBBISH[rubbish], command=probe.command)
            dom0[uuid] = replace(said, probes={**said.probes, probe.command: answer})
        word, cause = outcome(replace(raw, dom0=dom0), identifier)
        # A sign may be lost where two others agree; nothing may be found that is not there.
        assert word in {"pass", "not-verified"}
        assert "the check itself failed" not in cause
