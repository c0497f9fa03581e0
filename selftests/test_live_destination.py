"""A destination that is live: read over real TLS, stored with the facts, and never in the way."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.destination import destination_facts
from fixtures.exceptions import NotVerifiedError
from fixtures.live_destination import with_destination
from fixtures.raw import RawFacts
from reports.progress import Progress
from selftests.running import Run, audit
from selftests.xenapi_logins import login_to
from simpool.data import SimError
from simpool.pools import build
from simpool.xenapi_endpoint import XenApiEndpoint

PASSWORD = "there-Pa55word"


@pytest.fixture
def there() -> Iterator[XenApiEndpoint]:
    pool = build("ch82")
    pool.users["root"].password = PASSWORD
    with XenApiEndpoint(pool) as endpoint:
        yield endpoint


def move(
    folder: Path, there: XenApiEndpoint, *words: str, pin: str = "", password: str = PASSWORD
) -> Run:
    """An audit of the pool `moving` whose VMs are to move to the live pool."""
    pinned = pin or f"{there.address}={there.fingerprint}"
    return audit(
        folder,
        "--pool=sim:moving",
        f"--destination={there.url}",
        f"--tls-fingerprint={pinned}",
        *words,
        environment={"POOLPROOF_DESTINATION_PASSWORD": password},
    )


def unread(run: Run) -> str:
    """The cause for which moves are not verified, while the pool itself is judged."""
    assert "Traceback" not in run.out
    assert run.code == 30, run.out
    assert PASSWORD not in run.out
    assert set(run.outcomes("VM-MOVE-01").values()) == {"not-verified"}
    assert set(run.outcomes("SR-TWO-POOLS-01").values()) == {"not-verified"}
    assert set(run.outcomes("POOL-HA-01").values()) == {"pass"}
    (cause,) = {one["cause"] for one in run.results["outcomes"] if one["check"] == "VM-MOVE-01"}
    return str(cause)


def test_it_is_read_and_its_replay_needs_it_no_more(there: XenApiEndpoint, tmp_path: Path) -> None:
    # A network less there than in the destination that the embedded pool brings along.
    networks = there.pool.records["network"].values()
    next(n for n in networks if n["name_label"] == "Servers")["name_label"] = "Elsewhere"
    run = move(tmp_path / "live", there)
    assert "Traceback" not in run.out
    found = run.of("VM-MOVE-01", "files")
    assert (found["outcome"], "no network is called Servers" in found["message"]) == (
        "blocked",
        True,
    ), run.out
    assert (there.refused, there.sessions) == ([], {})
    asked = json.loads((run.bundle / "facts" / "calls.json").read_bytes())["content"]
    assert asked["session.login_with_password"] == asked["session.logout"] == 2
    assert all(asked[method] >= count for method, count in there.calls.items())
    stored = json.loads((run.bundle / "facts/inputs/destination.json").read_bytes())["content"]
    assert stored["source"]["tls"][0]["trusted_by"] == "pin"
    assert all(PASSWORD.encode() not in one.read_bytes() for one in run.bundle.rglob("*.json"))
    before = there.calls.total()
    again = audit(tmp_path / "again", f"--pool={run.bundle}")
    assert there.calls.total() == before
    assert (again.bundle / "results.json").read_bytes() == (
        run.bundle / "results.json"
    ).read_bytes()


def test_a_pin_without_a_host_is_not_for_it(there: XenApiEndpoint, tmp_path: Path) -> None:
    run = move(tmp_path, there, pin=there.fingerprint)
    cause = unread(run)
    assert not there.calls, "something was sent"
    pasted = cause[cause.index("--tls-fingerprint=") :].split()[0]
    assert pasted == f"--tls-fingerprint={there.address}={there.fingerprint}"


def test_a_wrong_password_costs_the_destination_alone(
    there: XenApiEndpoint, tmp_path: Path
) -> None:
    run = move(tmp_path, there, password="wrong-Pa55")
    assert "refuses the user 'root' or the password" in unread(run)
    assert "wrong-Pa55" not in run.out


def test_another_user(there: XenApiEndpoint, tmp_path: Path) -> None:
    assert "'auditor'" in unread(move(tmp_path, there, "--destination-user=auditor"))


def test_a_class_that_it_does_not_tell_is_not_taken_for_empty(
    there: XenApiEndpoint, tmp_path: Path
) -> None:
    there.faults["SR.get_all_records"] = SimError(("INTERNAL_ERROR", "no"))
    run = move(tmp_path, there)
    assert set(run.outcomes("SR-TWO-POOLS-01").values()) == {"not-verified"}, run.out
    assert run.of("VM-MOVE-01", "files")["outcome"] == "not-verified"


def test_without_its_password_nothing_is_contacted(there: XenApiEndpoint, tmp_path: Path) -> None:
    run = move(tmp_path, there, password="")
    assert run.code == 4
    assert "POOLPROOF_DESTINATION_PASSWORD" in run.out
    assert not there.connections


def test_nobody_there(tmp_path: Path) -> None:
    run = audit(
        tmp_path,
        "--pool=sim:moving",
        "--destination=https://127.0.0.1:1",
        environment={"POOLPROOF_DESTINATION_PASSWORD": "x"},
    )
    assert "127.0.0.1:1" in unread(run)


@pytest.mark.parametrize(
    ("raised", "interrupted"),
    [(KeyboardInterrupt(), True), (RuntimeError("odd\nwords"), False)],
)
def test_the_facts_of_the_pool_are_not_lost(
    raised: BaseException,
    interrupted: bool,
    there: XenApiEndpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr("fixtures.live_destination.read_classes", fail)
    login = login_to(there, password=PASSWORD)
    facts = RawFacts({}, {}, inputs={"clock": "now"}, calls={"session.logout": 1})
    read = with_destination(facts, login, Progress(io.StringIO(), live=False))
    assert (read.interrupted, read.inputs["clock"]) == (interrupted, "now")
    assert (read.calls["session.logout"], there.sessions) == (2, {})
    with pytest.raises(NotVerifiedError, match="interrupted" if interrupted else "odd words"):
        destination_facts(read.inputs["destination"])


def test_after_an_interruption_it_is_not_contacted(there: XenApiEndpoint) -> None:
    facts = RawFacts({}, {}, interrupted=True)
    read = with_destination(facts, login_to(there), Progress(io.StringIO(), live=False))
    with pytest.raises(NotVerifiedError, match="the reading was interrupted"):
        destination_facts(read.inputs["destination"])
    assert not there.connections
