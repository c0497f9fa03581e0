"""A way that no verified source allows: nobody's word, another target's, and the right one."""

import datetime as dt
from pathlib import Path

import pytest

from fixtures.attestations import Attestation
from fixtures.exceptions import NotVerifiedError
from fixtures.releases import release, release_ids, shipped_targets
from rules.upgrade_path import confirm, way_to
from selftests.release_data import DATA, source
from selftests.running import audit


def said(answer: str) -> Attestation:
    day = dt.date(2026, 11, 20)
    return Attestation("POOL-PATH-01", answer, "Ada Example", day, day)


def test_a_way_is_unconfirmed_only_where_no_verified_source_allows_it() -> None:
    for target in release_ids(DATA):
        for origin in ("xenserver-6.5", "xenserver-7.1", "citrix-hypervisor-8.2-cu1", "xcp-ng-8.2"):
            path = release(DATA, target).path_from(source(origin))
            if path.kind != "unknown":
                way = way_to(release(DATA, target), source(origin))
                allowed = path.kind == "direct"
                assert way.sound == allowed
                assert bool(way.unconfirmed) == (allowed and not path.fact.is_verified)


def test_only_the_word_about_this_target_counts() -> None:
    target = release(DATA, "xenserver-7.6")
    way = way_to(target, source("xenserver-7.1"))
    assert way.unconfirmed.startswith("no verified source allows it: ")
    confirm(way, said("xenserver-7.6"), target)
    with pytest.raises(NotVerifiedError, match=r"confirmed xenserver-7\.5, not this target"):
        confirm(way, said("xenserver-7.5"), target)


def test_every_target_can_be_named() -> None:
    assert shipped_targets() == release_ids(DATA)


@pytest.mark.parametrize(
    ("answer", "outcome"), [("xenserver-7.6", "pass"), ("xenserver-7.5", "not-verified")]
)
def test_a_pool_is_ready_by_that_word_alone(tmp_path: Path, answer: str, outcome: str) -> None:
    day = dt.datetime.now(dt.UTC).date()
    path = tmp_path / "attestations.toml"
    path.write_text(
        f'[[attestation]]\nquestion = "POOL-PATH-01"\nanswer = "{answer}"\nby = "Ada Example"\n'
        f"when = {day}\nuntil = {day}\n"
    )
    words = ("--pool=sim:xs71", "--target=xenserver-7.6", f"--attestations={path}")
    run = audit(tmp_path / "archive", *words)
    assert set(run.outcomes("POOL-PATH-01").values()) == {outcome}
    if outcome == "pass":
        assert run.of("POOL-PATH-01", "north")["evidence"]["confirmed_by"] == "Ada Example"
    else:
        assert run.code == 30
