"""Serves a simulated pool from a process of its own, behind a line of a given length.

    python -m benchmarks.pool_server NAME DIR [--rtt MILLISECONDS] [--xml-only]

DIR gets what a client needs: `address`, `fingerprint`, `password`, `known_hosts`, `ssh_config`,
`hosts` (one per line) and `poolproof.toml`. It ends when its input does, and then prints as JSON what
it was asked. Answers that are large are rendered once, before the first client comes, so that the
server is not what is measured. Beside what an audit asks it answers `get_all`, `get_record` and every
`get_FIELD`, and single commands over SSH: the straightforward way needs them.
"""

import argparse
import json
import sys
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from benchmarks.delay import DelayLine
from fixtures.private_files import write_private
from simpool import xenapi_server
from simpool.data import SimPool
from simpool.database_dump import database_dump
from simpool.pools import build
from simpool.ssh_endpoint import SshEndpoint
from simpool.xenapi_encoding import json_response, response
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import HttpReply

_LARGE: Final = 50
_XENAPI: Final = "XenAPI"


class PoolServer(XenApiEndpoint):
    """The XenAPI with calls per object, and a copy of the database that is made once."""

    @cached_property
    def dump(self) -> HttpReply:
        """The database."""
        return HttpReply(database_dump(self.pool))

    @cached_property
    def drives(self) -> dict[str, list[str]]:
        """VM -> its drives; the simulated records have no fields that repeat others."""
        found: dict[str, list[str]] = {}
        for ref, drive in self.pool.records["VBD"].items():
            found.setdefault(drive["VM"], []).append(ref)
        return found

    def fetch(self, path: str, cookie: str) -> Any:
        """The database from memory; all else as ever."""
        usual = super().fetch(path, cookie) if path != "/pool/xmldbdump" else self.dump
        self.calls[f"GET {path}"] += path == "/pool/xmldbdump"
        return usual

    def answer(self, method: str, params: list[Any]) -> Any:
        """Calls per object; all else as ever."""
        class_name, _, message = method.partition(".")
        table = self.pool.records.get(class_name)
        if table is None or not params or params[0] not in self.sessions:
            return super().answer(method, params)
        if method == "VM.get_VBDs":
            self.calls[method] += 1
            return self.drives.get(params[1], [])
        record = table.get(params[1]) if len(params) > 1 else None
        found = list(table) if message == "get_all" else record
        if record is not None and message != "get_record":
            found = record.get(message.removeprefix("get_"))
        if found is None:
            return super().answer(method, params)
        self.calls[method] += 1
        return found


def _render_once() -> None:
    """Keep the bytes of large answers; the pool does not change while it is served."""
    xml: dict[int, bytes] = {}
    json_bodies: dict[tuple[int, str], bytes] = {}

    def in_xml(answer: Any) -> bytes:
        if not _is_large(answer):
            return response(answer)
        if id(answer) not in xml:
            xml[id(answer)] = response(answer)
        return xml[id(answer)]

    def in_json(answer: Any, version: str = "2.0", call_id: Any = 1) -> bytes:
        if not _is_large(answer):
            return json_response(answer, version, call_id)
        key = id(answer), version
        if key not in json_bodies:
            json_bodies[key] = json_response(answer, version, 0).removesuffix(b"0}")
        return json_bodies[key] + json.dumps(call_id).encode() + b"}"

    for name, encode in (("response", in_xml), ("json_response", in_json)):
        setattr(xenapi_server, name, encode)


def _is_large(answer: Any) -> bool:
    return isinstance(answer, dict) and len(answer) >= _LARGE


def serve(name: str, folder: Path, round_trip: float, *, xml_only: bool = False) -> None:
    """Serve until the input ends; `round_trip` in seconds."""
    pool = build(name)
    _render_once()
    with PoolServer(pool) as xenapi, SshEndpoint(pool) as ssh:
        session = xenapi.answer("session.login_with_password", ["root", _password(pool)])
        for class_name in pool.records:
            table = xenapi.answer(f"{class_name}.get_all_records", [session])
            for encode in ("response", "json_response"):
                getattr(xenapi_server, encode)(table)
        _ = xenapi.dump
        if xml_only:
            xenapi.json_rpc = HttpReply(b"", 404)
        xenapi.calls.clear()
        with DelayLine({_XENAPI: xenapi.port, **ssh.ports}, round_trip) as line:
            _tell(folder, pool, xenapi, ssh, line)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.read()
            told = {
                "xenapi calls": sum(xenapi.calls.values()),
                "per method": dict(xenapi.calls.most_common(5)),
                "dom0 commands": sum(len(ssh.commands(uuid)) for uuid in pool.dom0),
                "dom0 scripts or commands": sum(ssh.sessions(uuid) for uuid in pool.dom0),
                "connections": line.connections,
                "round trips": line.turns,
                "bytes": line.bytes["up"] + line.bytes["down"],
            }
    sys.stdout.write(json.dumps(told) + "\n")


def _password(pool: SimPool) -> str:
    return pool.users["root"].password


def _tell(
    folder: Path, pool: SimPool, xenapi: XenApiEndpoint, ssh: SshEndpoint, line: DelayLine
) -> None:
    """Write what a client needs to know."""
    addresses = {host["uuid"]: host["address"] for host in pool.records["host"].values()}
    keys = "\n".join(ssh.known_hosts_lines)
    for uuid, port in ssh.ports.items():
        keys = keys.replace(f"]:{port} ", f"]:=={line.ports[uuid]} ")
    config = (
        f"Host {addresses[uuid]}\n  HostName 127.0.0.1\n  Port {line.ports[uuid]}\n"
        for uuid in ssh.ports
    )
    settings = {k: v for k, v in pool.settings.items() if isinstance(v, str)}
    files = {
        "address": f"https://127.0.0.1:{line.ports[_XENAPI]}",
        "fingerprint": xenapi.fingerprint,
        "password": _password(pool),
        "known_hosts": keys.replace("]:==", "]:") + "\n",
        "ssh_config": "".join(config),
        "hosts": "\n".join(addresses.values()) + "\n",
        "poolproof.toml": "".join(
            f"{key} = {json.dumps(text)}\n" for key, text in settings.items()
        ),
    }
    for name, text in files.items():
        write_private(folder / name, text.encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pool_server")
    parser.add_argument("name", help="what follows --pool=sim:, e.g. large-64x2400")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--rtt", type=float, default=0.0, metavar="MILLISECONDS")
    parser.add_argument("--xml-only", action="store_true", help="speak no JSON-RPC")
    asked = parser.parse_args()
    serve(asked.name, asked.folder, asked.rtt / 1000, xml_only=asked.xml_only)
