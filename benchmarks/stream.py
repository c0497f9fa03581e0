"""What it costs to keep outcomes on disk while they are judged; see README.md."""

import sys
import tempfile
import time
from pathlib import Path

from fixtures.raw import Json
from reports.evidence import plain
from reports.manifest import UNDER_WAY
from reports.outcome import ObjectRef, Outcome
from reports.outcome_stream import OutcomeStream, read_stream

NUMBER = 60_000
EVIDENCE: dict[str, Json] = {
    "expected": "the coordinator's hotfixes",
    "found": [f"XS72E0{number:02}" for number in range(8)],
    "sizes": {"root": 18_432_000, "log": 4_096_000, "used": 0.82},
}


def main(number: int) -> None:
    """Measure and print."""
    outcomes = [
        Outcome(
            f"VM-CHECK-{index % 12:02}",
            "warning",
            ObjectRef("VM", f"{index:08x}-b7c9-4e1f-8a11-{index:012x}", f"vm-{index}"),
            "pass",
            evidence=EVIDENCE,
        )
        for index in range(number)
    ]
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder)
        stream = OutcomeStream(bundle)
        stream.head(pool="", notes=[], replay=None)
        begun = time.perf_counter()
        for outcome in outcomes:
            stream.outcome(outcome)
        written = time.perf_counter() - begun
        size = (bundle / UNDER_WAY).stat().st_size
        begun = time.perf_counter()
        for outcome in outcomes:
            plain(outcome.evidence)
        capped = time.perf_counter() - begun
        begun = time.perf_counter()
        found = len(read_stream(bundle).outcomes)
        read = time.perf_counter() - begun
    each = written / number * 1e6
    print(f"{number} outcomes: {written:.2f} s, {each:.0f} us each, {size / 1e6:.1f} MB")
    print(f"  of that, evidence made plain, which the report needs anyway: {capped:.2f} s")
    print(f"  read back by reports.recover: {found} in {read:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else NUMBER)
