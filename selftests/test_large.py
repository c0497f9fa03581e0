"""Large pools, the relay of the benchmarks, and JSON written fast: each is what it says."""

import json
import socket
import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.delay import DelayLine
from fixtures.exceptions import UsageProblemError
from fixtures.model import PoolFacts
from reports.json_text import indented
from simpool.direct import facts_of
from simpool.pools import build

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


def test_a_large_pool_has_the_size_that_its_name_says() -> None:
    facts = PoolFacts(facts_of(build("large-2x30"), probes=()))

    assert (len(facts.hosts), len(facts.vms)) == (2, 30)
    assert sum(len(vm.snapshots) for vm in facts.vms) == 3
    assert {vm.power_state for vm in facts.vms} == {"Running", "Halted"}


@pytest.mark.parametrize("name", ["large-0x3", "large-65x3", "large-3", "large-3x123456"])
def test_what_is_no_size_is_no_pool(name: str) -> None:
    with pytest.raises(UsageProblemError, match="large-HOSTSxVMS"):
        build(name)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), VALUES.filter(lambda value: value not in (1e999, -1e999))))
def test_json_is_written_as_the_standard_library_writes_it(document: dict[str, Any]) -> None:
    try:
        wanted = json.dumps(document, sort_keys=True, indent=1, allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError, match="not JSON compliant"):
            "".join(indented(document))
    else:
        assert "".join(indented(document)) == wanted


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        "".join(indented({"a": [{"b": {1}}]}))


def test_the_relay_adds_its_round_trip_to_connecting_and_to_each_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=_echo, args=(server,))
        answering.start()
        with DelayLine({"echo": server.getsockname()[1]}, 0.1) as line:
            begun = time.monotonic()
            with socket.create_connection(("127.0.0.1", line.ports["echo"])) as client:
                for word in (b"one", b"two"):
                    client.sendall(word)
                    assert client.recv(3) == word
                taken = time.monotonic() - begun
        answering.join()

    assert taken >= 0.29  # connecting and two answers, a tenth of a second each
    assert (line.turns, line.connections) == (2, 1)
    assert line.bytes == {"up": 6, "down": 6}


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(3):
            connection.sendall(data)
