"""Bad input gets a clear error on exactly the objects concerned, and nothing is lost."""

import gzip
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftests.live_pool import LivePool, live
from selftests.running import Run, audit
from simpool.data import SimError, SimPool
from simpool.pools import build
from simpool.ssh_endpoint import SshFault
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Usual


def no_traceback(run: Run) -> None:
    assert "Traceback" not in run.out
    assert "INTERNALERROR" not in run.out


@pytest.fixture
def reached(tmp_path: Path) -> Iterator[LivePool]:
    with live(build("default"), tmp_path) as pool:
        yield pool


def test_a_live_pool_is_audited_like_the_embedded_one(reached: LivePool) -> None:
    run = reached.audit()
    no_traceback(run)
    assert run.results["ledger"]["blocked"] == 0, run.out
    assert set(run.outcomes("HOST-SPACE-01").values()) == {"pass"}
    assert reached.xenapi.refused == []
    assert not reached.xenapi.sessions, "the session was not closed"


def test_a_wrong_password_is_one_line(reached: LivePool) -> None:
    run = reached.audit(POOLPROOF_PASSWORD="wrong-Pa55")
    no_traceback(run)
    assert run.code == 30
    assert "SESSION_AUTHENTICATION_FAILED" in run.out or "password" in run.out
    assert "wrong-Pa55" not in run.out
    assert not run.bundles


def test_without_a_password_it_says_where_to_put_one(reached: LivePool) -> None:
    run = reached.audit(POOLPROOF_PASSWORD="")
    no_traceback(run)
    assert run.code == 4
    assert "POOLPROOF_PASSWORD" in run.out


def test_an_unpinned_certificate_is_refused_with_the_line_that_pins_it(reached: LivePool) -> None:
    run = reached.audit(without="--tls-fingerprint")
    no_traceback(run)
    assert run.code == 30
    words = run.out[run.out.index("--tls-fingerprint") :].split()[:2]
    assert not reached.xenapi.calls, "something was sent"
    again = reached.audit(*words, without="--tls-fingerprint")
    assert again.results["ledger"]["judged"] > 0, again.out


def test_another_certificate_than_the_pinned_is_refused(reached: LivePool) -> None:
    run = reached.audit(f"--tls-fingerprint={'ab' * 32}", without="--tls-fingerprint")
    assert run.code == 30
    assert not reached.xenapi.calls


@pytest.mark.parametrize("address", ["no-such-host.invalid", "https://127.0.0.1:1"])
def test_nobody_there(address: str, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={address}", environment={"POOLPROOF_PASSWORD": "x"})
    no_traceback(run)
    assert run.code == 30
    assert "NOT VERIFIED" in run.out


def test_plain_http_is_refused_but_on_loopback(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=http://192.0.2.1", environment={"POOLPROOF_PASSWORD": "x"})
    assert run.code == 4


def test_something_else_listens_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(0.1)
        run = audit(
            tmp_path, f"--pool=https://127.0.0.1:{port}", environment={"POOLPROOF_PASSWORD": "x"}
        )
    no_traceback(run)
    assert run.code == 30


def test_a_role_that_forbids_makes_not_verified_what_it_forbids(reached: LivePool) -> None:
    reached.xenapi.denied.add("host.get_vms_which_prevent_evacuation")
    run = reached.audit()
    no_traceback(run)
    assert set(run.outcomes("POOL-HA-01").values()) == {"pass"}
    reached.xenapi.denied.add("SR.get_all_records")
    run = Run(*_second(reached))
    assert "SR" in str(run.results["outcomes"])
    assert set(run.outcomes("POOL-STORAGE-01").values()) == {"not-verified"}
    assert run.code in {30, 1}


def _second(reached: LivePool) -> tuple[int, str, Path]:
    shutil.rmtree(reached.folder / "archive")
    run = reached.audit()
    return run.code, run.out, run.archive


def test_a_members_address_leads_to_its_coordinator_once(reached: LivePool) -> None:
    coordinator = reached.xenapi.address
    with XenApiEndpoint(reached.pool, slave_of=coordinator) as member:
        pins = [f"--tls-fingerprint={member.address}={member.fingerprint}"]
        words = [f"--pool={member.url}", *pins]
        refused = reached.audit(*words, without="--pool")
        assert refused.code == 30, refused.out
        assert not reached.xenapi.calls, (
            "a credential reached a coordinator that nobody vouched for"
        )
        words.append(f"--tls-fingerprint={coordinator}={reached.xenapi.fingerprint}")
        run = reached.audit(*words, without="--pool")
    no_traceback(run)
    assert run.results["run"]["source"]["coordinator"] == coordinator
    assert run.results["ledger"]["judged"] > 0


def test_a_read_only_account_suffices_for_what_the_xenapi_holds(reached: LivePool) -> None:
    auditor = reached.pool.users["auditor"]
    run = reached.audit("--user=auditor", POOLPROOF_PASSWORD=auditor.password)
    no_traceback(run)
    assert run.results["run"]["source"]["role"] == "read-only"
    causes = {one["cause"] for one in run.results["outcomes"] if one["outcome"] == "not-verified"}
    assert not [cause for cause in causes if "permission" in cause], causes


def test_a_session_that_expires_is_renewed_once(reached: LivePool) -> None:
    answers: list[SimError] = [SimError(("SESSION_INVALID", "OpaqueRef:gone"))]

    def once(*_params: object) -> object:
        if not answers:
            return Usual()
        reached.xenapi.sessions.clear()
        return answers.pop()

    reached.xenapi.faults["VM.get_all_records"] = once
    run = reached.audit()
    no_traceback(run)
    assert "not-verified" not in run.outcomes("VM-AGILE-01").values(), run.out
    assert not reached.xenapi.sessions


def test_a_host_that_is_down_costs_itself_only(tmp_path: Path) -> None:
    pool = build("default")
    gone = max(pool.dom0)
    del pool.dom0[gone]
    with live(pool, tmp_path) as reached:
        address = next(h["address"] for h in pool.records["host"].values() if h["uuid"] == gone)
        config = tmp_path / "ssh_config"
        entry = f"Host {address}\n  HostName 127.0.0.1\n  Port 1\n"
        config.write_text(entry + config.read_text())
        run = reached.audit()
    no_traceback(run)
    assert run.code == 30
    _only(run, pool, gone)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (SshFault.REFUSE_LOGIN, "login"),
        (SshFault.CHANGED_KEY, "host key"),
    ],
)
def test_a_dom0_that_cannot_be_read_costs_itself_only(
    fault: SshFault, cause: str, tmp_path: Path
) -> None:
    pool = build("default")
    bad = min(pool.dom0)
    with live(pool, tmp_path, {bad: fault}) as reached:
        run = reached.audit()
    no_traceback(run)
    assert run.code == 30
    _only(run, pool, bad, cause)


def test_a_connection_cut_half_way_costs_what_had_not_arrived(tmp_path: Path) -> None:
    pool = build("default")
    bad = min(pool.dom0)
    with live(pool, tmp_path, {bad: SshFault.CUT_OFF}) as reached:
        run = reached.audit()
    no_traceback(run)
    assert run.code == 30
    (name,) = [r["name_label"] for r in pool.records["host"].values() if r["uuid"] == bad]
    lost = [
        one
        for one in run.results["outcomes"]
        if one["outcome"] == "not-verified"
        and "ended early" in one["cause"]
        and one["object"]["class"] == "host"
    ]
    assert bad in {one["object"]["uuid"] for one in lost}
    # What is compared between hosts names the one that is missing.
    for one in lost:
        assert one["object"]["uuid"] == bad or name in one["cause"], one


def _only(run: Run, pool: SimPool, uuid: str, cause: str = "") -> None:
    """The host's own checks are not verified; those of the others are judged."""
    outcomes = [one for one in run.results["outcomes"] if one["check"] == "HOST-SPACE-01"]
    for one in outcomes:
        expected = "not-verified" if one["object"]["uuid"] == uuid else "pass"
        assert one["outcome"] == expected, one
        if one["object"]["uuid"] == uuid:
            assert cause in one["cause"], one


def test_unknown_host_keys_are_one_message_with_the_lines_to_add(reached: LivePool) -> None:
    known = reached.folder / "known_hosts"
    lines = known.read_text().splitlines()
    known.write_text("")
    run = reached.audit()
    no_traceback(run)
    assert run.code == 30
    (note,) = [n for n in run.results["notes"] if "SHA256:" in n]
    for line in lines:
        assert line.split()[-1] in note
    again = audit(reached.folder / "again", f"--pool={run.bundle}")
    assert (again.bundle / "results.json").read_bytes() == (
        run.bundle / "results.json"
    ).read_bytes()


def test_a_vm_that_vanishes_between_two_calls(tmp_path: Path) -> None:
    pool = build("default")
    vms = pool.records["VM"]
    ref = next(
        r for r, vm in vms.items() if vm["power_state"] == "Running" and not vm["is_control_domain"]
    )
    name = vms.pop(ref)["name_label"]
    with live(pool, tmp_path) as reached:
        run = reached.audit()
    no_traceback(run)
    assert name not in run.outcomes("VM-AGILE-01")
    assert run.results["verdict"] in {"READY WITH CONDITIONS", "NOT VERIFIED"}


PLACEHOLDER = (
    '<?xml version="1.0"?><database><manifest><pair key="schema_major_vsn" value="5"/>'
    '<pair key="schema_minor_vsn" value="35"/><pair key="generation_count" value="103"/>'
    '</manifest><table name="pool"/><table name="host"/></database>'
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "dump.xml"),
        (b"\x7fELF" + bytes(200), "dump.xml"),
        (b"<html><body>404</body></html>", "dump.xml"),
        (b'<?xml version="1.0"?><database><manifest><pair key="sch', "dump.xml"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><database/>', "dump.xml"),
        (gzip.compress(PLACEHOLDER.encode(), mtime=0)[:60], "dump.xml"),
        (PLACEHOLDER.encode(), "rolling upgrade"),
        (gzip.compress(PLACEHOLDER.encode(), mtime=0), "rolling upgrade"),
    ],
)
def test_a_file_that_is_no_dump_of_a_pool(content: bytes, says: str, tmp_path: Path) -> None:
    dump = tmp_path / "dump.xml"
    dump.write_bytes(content)
    run = audit(tmp_path / "archive", f"--pool={dump}")
    no_traceback(run)
    assert run.code == 30, run.out
    assert says in run.out
    assert not run.bundles


def test_a_bundle_with_a_missing_file(tmp_path: Path) -> None:
    first = audit(tmp_path / "first", "--pool=sim")
    (first.bundle / "facts" / "answers.json.gz").unlink()
    run = audit(tmp_path / "second", f"--pool={first.bundle}")
    no_traceback(run)
    assert run.code == 30
    assert "answers.json.gz" in run.out


def test_hostile_names_are_text_everywhere(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", "-v")
    names = {one["object"]["name"] for one in run.results["outcomes"]}
    assert '"><img src=x onerror=alert(1)>' in names
    page = (run.bundle / "report.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert "\u202e" not in run.out
