"""What a session that was renewed in the middle of a reading still trusts."""

from collections.abc import Iterator

import pytest

from fixtures.xenapi_session import open_session
from fixtures.xenapi_wire import XenApiUnreachableError
from selftests.xenapi_logins import LOGIN, POOL, READ, login_to, sim
from simpool.data import SimError
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import HttpReply


@pytest.fixture(params=["xml-rpc", "2.0"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[XenApiEndpoint]:
    with XenApiEndpoint(sim()) as served:
        served.json_rpc = HttpReply(b"", 404) if request.param == "xml-rpc" else request.param
        yield served


@pytest.mark.parametrize(
    ("field", "words"),
    [("uuid", "another pool answers now at 127.0.0.1"), ("master", "changed its coordinator")],
)
def test_a_renewed_session_reads_no_other_pool(
    field: str, words: str, endpoint: XenApiEndpoint
) -> None:
    record = endpoint.pool.records["pool"][POOL]
    record |= {"uuid": "one", "master": "OpaqueRef:h"}
    with open_session(login_to(endpoint)) as session:
        assert session.call(READ)
        endpoint.sessions.clear()
        record[field] = "two"
        for _ in range(2):
            with pytest.raises(XenApiUnreachableError, match=words) as error:
                session.call("host.get_all_records")
            assert error.value.lost
        assert endpoint.calls["host.get_all_records"] == 1
    assert endpoint.sessions == {}


def test_a_renewed_session_whose_pool_cannot_be_told_reads_nothing(
    endpoint: XenApiEndpoint,
) -> None:
    with open_session(login_to(endpoint)) as session:
        assert session.call(READ)
        endpoint.sessions.clear()
        endpoint.faults[READ] = SimError(("INTERNAL_ERROR", "x"))
        with pytest.raises(XenApiUnreachableError, match="same pool answers now cannot be told"):
            session.call("host.get_all_records")
        assert endpoint.calls["host.get_all_records"] == 1


def test_logins_that_nobody_weighed_do_not_count() -> None:
    """A member of 6.2, which has no JSON-RPC and knows three parameters, as its coordinator."""
    with XenApiEndpoint(sim("6.2")) as endpoint:
        member = XenApiEndpoint(sim("6.2"), slave_of=endpoint.address)
        with member, open_session(login_to(member, endpoint)) as session:
            endpoint.sessions.clear()
            assert session.call(READ)
        assert (member.calls[LOGIN], endpoint.calls[LOGIN]) == (1, 4)
