"""The bundle's copy of the pool's database: read by GET alone, without a secret, loaded back."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import database_copy
from fixtures.audit import Audit
from fixtures.database_backup import inspect_database_backup
from fixtures.database_copy import FILE_NAME, WORDS, blanked, copy_database
from fixtures.dump import read_dump
from fixtures.model import CLASS_SINCE, FIELD_KINDS
from fixtures.raw import RawFacts
from fixtures.redaction import REDACTED, redact
from fixtures.sexpr import map_text, parse_map, parse_set, protect, set_text, unprotect
from fixtures.untrusted_file import DamagedFileError
from fixtures.xenapi_calls import DATABASE, READ_PATHS
from fixtures.xenapi_session import open_session
from selftests.running import audit
from selftests.xenapi_logins import login_to
from simpool.data import SimPool, SimUser
from simpool.database_dump import database_dump
from simpool.direct import facts_of
from simpool.pools import build
from simpool.records import pool_record
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Drop, Endless, Hang, HttpReply

POOLS = Path(__file__).resolve().parents[2] / "shared" / "pools"
GET = f"GET {DATABASE}"
PLACEHOLDER = (
    b"<database><manifest><pair key='schema_major_vsn' value='5'/><pair key='schema_minor_vsn'"
    b" value='35'/></manifest><table name='pool'/><table name='host'/></database>"
)


def copied(document: bytes, piece: int = 1000) -> bytes:
    parts = (document[start : start + piece] for start in range(0, len(document), piece))
    return b"".join(blanked(parts, FIELD_KINDS))


def plain(content: bytes) -> str:
    return zlib.decompress(content, 31).decode()


def planted() -> tuple[SimPool, list[str]]:
    """The default pool with secrets wherever a database can have them."""
    pool, canaries = build("default"), [f"canary{number:03d}x" for number in range(30)]
    left = iter(canaries)
    first = {
        name: next(iter(records.values())) for name, records in pool.records.items() if records
    }
    first["pool"]["other_config"]["wlb_password"] = next(left)
    first["pool"]["gui_config"] = {"note": '{"password": "' + next(left) + '"}'}
    first["PBD"]["device_config"] |= {"chappassword": next(left), "anything": next(left)}
    first["host"]["license_params"] |= {"serialnumber": next(left)}
    first["host"]["power_on_config"] = {"power_on_user": next(left)}
    first["host"]["external_auth_configuration"] = {"user": next(left)}
    first["VM"] |= {
        "snapshot_metadata": f"((secret '{next(left)}'))",
        "last_booted_record": f"('{next(left)}')",
        "NVRAM": {"EFI-variables": next(left)},
        "xenstore_data": {"vm-data/x": next(left)},
        "name_description": f"root password: {next(left)}",
        "tags": [f"token={next(left)}"],
        "PV_args": f"rootpw={next(left)}",
    }
    pool.records["secret"] = {
        "s": {"uuid": "u", "value": next(left), "other_config": {"a": next(left)}}
    }
    pool.records["Cluster"] = {"c": {"uuid": "u", "cluster_token": next(left)}}
    pool.records["subject"] = {"t": {"uuid": "u", "other_config": {"upn": next(left)}}}
    pool.records["VTPM"] = {"v": {"uuid": "u", "contents": next(left)}}
    pool.records["unheard_of"] = {
        "x": {
            "api_key": next(left),
            "settings": {"password": next(left)},
            "nested": f"((a (('password' '{next(left)}'))))",
            "list": [f"password={next(left)}"],
        }
    }
    return pool, canaries[: -len(tuple(left))]


def test_no_planted_secret_is_in_it() -> None:
    pool, canaries = planted()
    document = database_dump(pool).decode()
    key = "<pair key='pool_token' value='canary900x'/><!-- canary901x -->canary902x"
    session = "<table name='session'><row ref='canary903x' uuid='canary904x'/></table>"
    document = document.replace("</manifest>", f"{key}</manifest>{session}")
    document = document.replace("<database>", "<?canary905x canary905x?><database a='canary906x'>")
    odd = (
        "<table name='VM' a='canary907x'><x><row name='canary908x'/></x><x a='canary909x'/></table>"
    )
    document = document.replace("</database>", f"{odd}</database>")
    everything = plain(copied(document.encode()))
    assert all(canary in document for canary in canaries)
    assert len(canaries) > 20
    assert "canary" not in everything
    assert WORDS in everything.splitlines()[1]


def test_it_loads_back_as_what_it_was(tmp_path: Path) -> None:
    document = database_dump(build("troubled"))
    assert copied(document) == copied(document, 7 * 64 * 1024)
    _agrees(tmp_path, document)


@pytest.mark.parametrize("path", sorted(POOLS.glob("*.xml")) or [None], ids=str)
def test_real_databases_load_back(tmp_path: Path, path: Path | None) -> None:
    if path is None:
        pytest.skip("no real databases are beside this checkout")
    _agrees(tmp_path, path.read_bytes())


def _agrees(folder: Path, document: bytes) -> None:
    """Original and copy give the same facts, apart from what is redacted from facts as well."""

    def facts(name: str, content: bytes) -> RawFacts:
        (folder / name).write_bytes(content)
        return redact(read_dump(folder / name, FIELD_KINDS, CLASS_SINCE))

    before, after = facts("a.xml", document), facts("b.gz", copied(document))
    for name, found in before.classes.items():
        for ref, record in found.records.items():
            kept = after.classes[name].records[ref]
            for field in kept.keys() | record.keys():
                here, there = record.get(field), kept.get(field)
                # What is no whole set or map cannot be searched, so the copy does not have it.
                assert here == there or (str(here).startswith("('") and there == REDACTED), field


def test_nobody_takes_it_for_a_backup(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(copied(database_dump(build("xs65"))))
    found = inspect_database_backup(path, FIELD_KINDS, CLASS_SINCE)
    assert (found["readable"], found["secrets_blanked"]) == (True, True)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        b"<database>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><database/>",
        b"<database/><database/>",
        b"<database a='\xff'/>",
    ],
)
def test_what_is_no_database_is_refused(document: bytes) -> None:
    with pytest.raises(DamagedFileError):
        copied(document)


def test_an_element_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_copy, "_MOST_BETWEEN_ELEMENTS", 5000)
    with pytest.raises(DamagedFileError, match="an element larger"):
        copied(b"<database><table name='" + b"a" * 10_000 + b"'/></database>")


@given(st.text(), st.dictionaries(st.text(), st.text()), st.lists(st.text()))
def test_values_are_written_as_they_are_read(text: str, pairs: Any, elements: list[str]) -> None:
    assert unprotect(protect(text)) == text
    assert parse_map(map_text(pairs)) == pairs
    assert parse_set(set_text(elements)) == elements
    assert quoteattr(text)


@pytest.fixture
def endpoint() -> Iterator[XenApiEndpoint]:
    pool = build("xs65")
    pool.users["root"] = SimUser("corr3ct-h0rse")
    with XenApiEndpoint(pool) as served:
        yield served


def fetched(endpoint: XenApiEndpoint, role: str = "root") -> tuple[dict[str, Any], list[bytes]]:
    kept: list[bytes] = []
    uuid = pool_record(endpoint.pool)["uuid"]
    with open_session(login_to(endpoint)) as session:
        said = copy_database(session, role, uuid, FIELD_KINDS, kept.append)
        assert session.calls.get(GET, 0) == endpoint.calls.get(GET, 0) <= 1
    return said, kept


def test_it_is_fetched_once_with_the_session_in_a_cookie(endpoint: XenApiEndpoint) -> None:
    cookies: list[str] = []

    def answer(given: list[str]) -> HttpReply:
        cookies.extend(given)
        assert given[0].removeprefix("session_id=") in endpoint.sessions
        return HttpReply(database_dump(endpoint.pool))

    endpoint.faults[GET] = answer
    said, (content,) = fetched(endpoint)
    assert (said["file"], said["size"], said["why"]) == (FILE_NAME, len(content), "")
    assert cookies[0].startswith("session_id=OpaqueRef:")
    assert cookies[0].removeprefix("session_id=") not in json.dumps(said) + plain(content)
    # The path that the endpoint counts is all of what was asked for: no query, no session.
    assert [name for name in endpoint.calls if name.startswith("GET")] == [GET]
    assert endpoint.sessions == {}


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (HttpReply(b"no", 403), "answered HTTP 403"),
        (HttpReply(b"", 302, {"Location": "https://127.0.0.1:1/"}), "answered HTTP 302"),
        (Drop(), "broke the connection"),
        (Hang(), "gave no complete answer within"),
        (Endless(), "larger than 16 MiB|not the whole XML|gave no complete answer"),
        (HttpReply(b"<html>oops</html>"), "does not|not a pool database|is XML, but"),
        (HttpReply(b"<database>" + b" " * 10), "is not the whole XML"),
        (HttpReply(b"<database/>", length=5000), "before its end"),
        (HttpReply(PLACEHOLDER), "the empty placeholder"),
        (HttpReply(database_dump(build("ch82"))), "the database of another pool"),
    ],
)
def test_without_it_one_sentence_says_why(
    endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch, fault: Any, why: str
) -> None:
    monkeypatch.setattr(database_copy, "_SECONDS", 2.0)
    endpoint.faults[GET] = fault
    said, kept = fetched(endpoint)
    assert kept == []
    assert said.keys() == {"why"}
    assert any(words in said["why"] for words in why.split("|")), said


def test_a_role_that_may_not_is_not_tried(endpoint: XenApiEndpoint) -> None:
    said, kept = fetched(endpoint, "read-only")
    assert (kept, endpoint.calls[GET]) == ([], 0)
    assert said == {"why": "the role read-only may not read it; only pool-admin may"}


def test_it_has_a_largest_size(endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_copy, "MOST_BYTES", 100)
    assert "is larger than 100 bytes" in fetched(endpoint)[0]["why"]


def test_nothing_else_is_fetched(endpoint: XenApiEndpoint) -> None:
    assert {DATABASE} == READ_PATHS
    with open_session(login_to(endpoint)) as session, pytest.raises(PermissionError):
        list(session.get("/host_backup", 5.0))
    assert "GET /host_backup" not in endpoint.calls


def test_a_run_leaves_it_and_its_replay_does_not(tmp_path: Path) -> None:
    run = audit(tmp_path / "a", "--pool=sim:xs65")
    content = (run.bundle / FILE_NAME).read_bytes()
    listed = {
        one["path"] for one in json.loads((run.bundle / "manifest.json").read_bytes())["files"]
    }
    assert FILE_NAME in listed
    assert run.results["run"]["source"]["database_copy"]["size"] == len(content)
    assert json.loads((run.bundle / "facts" / "calls.json").read_bytes())["content"][GET] == 1
    again = audit(tmp_path / "b", f"--pool={run.bundle}")
    assert not (again.bundle / FILE_NAME).exists()
    for name in ("results.json", "resource-data.csv", "resource-data.xlsx"):
        assert (again.bundle / name).read_bytes() == (run.bundle / name).read_bytes(), name
    without = audit(tmp_path / "c", "--pool=sim:xs65", "--no-database-copy")
    assert not (without.bundle / FILE_NAME).exists()
    assert GET not in json.loads((without.bundle / "facts" / "calls.json").read_bytes())["content"]
    assert without.results["notes"] == run.results["notes"]


def test_a_note_says_why_there_is_none() -> None:
    raw = facts_of(build("xs65"), probes=())
    assert not any("copy" in note for note in Audit(raw).notes)
    source = {**raw.source, "database_copy": {"why": "the role read-only may not read it"}}
    assert Audit(replace(raw, source=source)).notes[-1] == (
        "no copy of the pool's database is kept: the role read-only may not read it"
    )
