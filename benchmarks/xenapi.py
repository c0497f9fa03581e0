"""Reading all VM records over TLS: our session in either protocol, beside the XenAPI package as it is.

    python -m benchmarks.xenapi [--vms 2400 10000] [--rtt 0]

Every way is a process of its own; counted are the seconds of the reading, not those of its start. One
call per VM is measured with 240 of them.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import XenAPI

from benchmarks.whole_audit import measured, serving, told_by
from fixtures.secret import Secret
from fixtures.tls import Trust, parse_pin
from fixtures.xenapi_session import Login, open_session

_CALL: Final = "VM.get_all_records"
_SINGLE: Final = 240


def main(sizes: list[int], rtt: float) -> None:
    """Measure every way for every size, and print."""
    for vms in sizes:
        base = 0.0
        for title, way, more in (
            ("XenAPI package, one call", "package", ()),
            ("our session, XML-RPC", "ours", ("--xml-only",)),
            ("our session, JSON-RPC", "ours", ()),
            (f"XenAPI package, {_SINGLE} calls", "singly", ()),
        ):
            with tempfile.TemporaryDirectory(prefix="poolproof-benchmark-") as name:
                folder, told = Path(name), list[str]()
                with serving(f"large-64x{vms}", folder, rtt, told, *more):
                    words = ["-m", "benchmarks.xenapi", "--way", way, "--served", name]
                    cost = measured(words, folder, told)
            numbers = cost.says.split()
            wall, cpu, before = float(numbers[0]), float(numbers[1]), int(numbers[2])
            base = base or cpu
            ratio = f"{base / cpu:4.1f} times as fast as the first"
            if way == "singly":
                ratio = f"{wall * vms / _SINGLE:.1f} s for all"
            print(
                f"{vms:6} VMs  {title:28} {wall:6.2f} s, {cpu:6.2f} s of CPU, {ratio}; "
                f"{cost.memory:4} MiB at its peak, {before} before; {numbers[3]} records",
                flush=True,
            )


def _package(served: Path) -> int:
    session = _logged_in(served)
    return len(_timed(session.xenapi.VM.get_all_records))


def _singly(served: Path) -> int:
    session = _logged_in(served)
    refs = session.xenapi.VM.get_all()[:_SINGLE]
    return len(_timed(lambda: [session.xenapi.VM.get_record(ref) for ref in refs]))


def _logged_in(served: Path) -> Any:
    session = XenAPI.Session(told_by(served, "address"), ignore_ssl=True)
    session.xenapi.login_with_password("root", told_by(served, "password"), "1.0", "benchmark")
    return session


def _ours(served: Path) -> int:
    trust = Trust(None, (parse_pin(told_by(served, "fingerprint")),))
    login = Login(told_by(served, "address"), "root", Secret(told_by(served, "password")), trust)
    with open_session(login) as session:
        return len(_timed(lambda: session.call(_CALL)))


_WAYS: Final[Mapping[str, Callable[[Path], int]]] = {
    "package": _package,
    "singly": _singly,
    "ours": _ours,
}


def _timed(read: Callable[[], Any]) -> Any:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    wall, cpu = time.monotonic(), time.process_time()
    found = read()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    sys.stdout.write(f"{wall:.3f} {cpu:.3f} {before} ")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.xenapi", description=__doc__)
    parser.add_argument("--vms", nargs="+", type=int, default=[2400, 10_000])
    parser.add_argument("--rtt", type=float, default=0.0, metavar="MS")
    parser.add_argument("--way", choices=_WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--served", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        sys.stdout.write(f"{_WAYS[asked.way](asked.served)}\n")
    else:
        main(asked.vms, asked.rtt)
