"""The pool that VMs are to move to: read from a dump or a bundle, refused where it is neither."""

from pathlib import Path

import pytest

from fixtures.destination import (
    CLASSES,
    destination_facts,
    is_live,
    read_destination,
    unread_destination,
)
from fixtures.exceptions import CannotAuditError, NotVerifiedError, UsageProblemError
from fixtures.model import CLASS_SINCE, FIELD_KINDS
from selftests.running import ROOT, audit

DUMP = ROOT.parent / "shared" / "pools" / "xs61-two-hosts-snapshots.xml"


def test_the_bundle_of_an_audit_is_a_destination(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim:ch82")
    stored = read_destination(run.bundle, FIELD_KINDS, CLASS_SINCE)
    assert set(stored["classes"]) == set(CLASSES)
    assert destination_facts(stored).pool.title == "ch82"


@pytest.mark.skipif(not DUMP.exists(), reason="../shared/pools is not here: no dumps of real pools")
def test_a_database_dump_is_a_destination() -> None:
    stored = read_destination(DUMP, FIELD_KINDS, CLASS_SINCE)
    assert len(destination_facts(stored).hosts) == 2


@pytest.mark.parametrize("content", ["", "not a database", "<database/>"])
def test_what_is_no_pool_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "pool.xml"
    path.write_text(content)
    with pytest.raises(UsageProblemError, match="--destination="):
        read_destination(path, FIELD_KINDS, CLASS_SINCE)


@pytest.mark.parametrize("name", ["/nowhere/pool", "pool.xml", "pool.xml.gz", "bundles/pool"])
def test_a_file_that_is_not_there_is_not_asked_for_in_the_network(name: str) -> None:
    with pytest.raises(UsageProblemError, match="no such dump or bundle"):
        is_live(name)


@pytest.mark.parametrize("name", ["master.example", "https://10.0.0.4:8443", "10.0.0.4"])
def test_what_can_be_no_file_is_a_live_pool(name: str) -> None:
    assert is_live(name)


def test_of_one_that_could_not_be_read_the_cause_is_kept() -> None:
    stored = unread_destination("master.example", "no answer")
    with pytest.raises(
        NotVerifiedError, match=r"the destination master\.example could not be read"
    ):
        destination_facts(stored)


@pytest.mark.parametrize("stored", [[], {}, {"classes": {"pool": 1}}, {"classes": {}}])
def test_a_stored_destination_of_another_form(stored: object) -> None:
    with pytest.raises(CannotAuditError):
        destination_facts(stored)
