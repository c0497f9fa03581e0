"""The files of a finished run, beside the facts that were written when they were read."""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from fixtures.audit import Audit
from fixtures.baseline import pool_id
from fixtures.exceptions import NotVerifiedError
from fixtures.private_files import write_private
from fixtures.raw import Json
from fixtures.reading import Reading
from fixtures.times import iso_time
from fixtures.tool import TOOL, TOOL_NAME, TOOL_VERSION
from reports.archive_index import refresh
from reports.exports import write_exports
from reports.gate import with_baseline
from reports.ledger import Ledger
from reports.manifest import MANIFEST, manifest
from reports.outcome import Outcome
from reports.page import render
from reports.picture_data import gather
from reports.pictures import pictures
from reports.provenance import versions
from reports.results import document, pieces
from reports.text import for_terminal
from reports.verdict import Verdict

# How to check the bundle with stock tools, in it for the day when this suite is not at hand.
VERIFY: Final = Path(__file__).with_name("VERIFY.txt")


def run_of(audit: Audit) -> dict[str, Json]:
    """Who, when, what and for what: from the facts, so that a replay says the same."""
    stored = audit.inputs["run"]
    pool = audit.facts.pool
    return {
        "tool": {"name": TOOL_NAME, "version": TOOL_VERSION},
        "source": {**audit.raw.source, "release": release_now(audit)},
        "pool": {"uuid": pool_id(audit.facts), "name": pool.title},
        "target": audit.settings.target,
        "target_name": audit.chosen_target.name if audit.chosen_target else None,
        "window": iso_time(audit.settings.window) if audit.settings.window else None,
        "phase": audit.settings.phase,
        "method": audit.settings.method,
        "started": stored["started"],
        "ended": stored["ended"],
        "command": stored["command"],
    }


def release_now(audit: Audit) -> str:
    """The release that the coordinator runs, by name."""
    try:
        return audit.release_of(audit.facts.pool.coordinator).name
    except NotVerifiedError:
        return "an unknown release"


def subject_of_run(audit: Audit) -> str:
    """What was audited and for what, in one line."""
    facts, settings = audit.facts, audit.settings
    hosts = f"{len(facts.hosts)} host{'' if len(facts.hosts) == 1 else 's'}"
    target = audit.target.name if settings.target else "no target stated"
    # A dump does not say of itself from when it is.
    read = "read" if audit.raw.source["kind"] == "dump" else "of"
    return (
        f"Pool {facts.pool.title}, {hosts}, {release_now(audit)} -> {target}, {settings.method}, "
        f"{settings.phase} the upgrade; facts from {audit.raw.source['kind']} "
        f"{audit.raw.source['address']} {read} {facts.now:%Y-%m-%d %H:%M} UTC"
    )


def results_of(
    reading: Reading,
    audit: Audit,
    ledger: Ledger,
    verdict: Verdict,
    notes: Sequence[str],
    outcomes: Sequence[Outcome],
) -> dict[str, Json]:
    """The content of `results.json`, compared with an earlier run where one was given."""
    results = document(
        run=run_of(audit),
        checks=reading.catalogue.promised,
        ledger=ledger,
        verdict=verdict,
        notes=notes,
        outcomes=outcomes,
    )
    return with_baseline(results, audit.inputs)


def write_results(
    reading: Reading, audit: Audit, verdict: Verdict, results: Mapping[str, Json]
) -> Path:
    """Write results, report, exports and, last, the manifest; renew the archive's index.

    Returns:
        The report's path.
    """
    settings = [(name, one["value"], one["from"]) for name, one in audit.inputs["settings"].items()]
    digest = hashlib.sha256()
    write_private(reading.bundle / "results.json", _hashed(pieces(results), digest))
    page = render(
        results,
        verdict,
        settings=settings,
        calls=audit.raw.calls,
        pictures=pictures(gather(audit, results), audit.settings.method),
        versions=versions(audit),
        digest=digest.hexdigest(),
    )
    write_private(reading.bundle / "report.html", page)
    list(write_exports(reading.bundle, results, audit.facts))
    if reading.replay is not None:
        text = json.dumps(reading.replay, indent=1, sort_keys=True)
        write_private(reading.bundle / "replay.json", text.encode("ascii") + b"\n")
    write_private(reading.bundle / VERIFY.name, VERIFY.read_bytes())
    closing = manifest(
        reading.bundle, tool=TOOL, verdict=verdict.word, pool_uuid=results["run"]["pool"]["uuid"]
    )
    write_private(reading.bundle / MANIFEST, closing)
    if problem := refresh(reading.bundle.absolute().parent.parent):
        sys.stderr.write(f"the index of the archive was not written: {for_terminal(problem)}\n")
    return reading.bundle / "report.html"


def _hashed(content: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    """The same, taken into a digest on the way."""
    for piece in content:
        digest.update(piece)
        yield piece
