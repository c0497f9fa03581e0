"""What a report rests on beside the pool: the versions of tool and data, the licence, the sources."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fixtures.audit import Audit
from fixtures.baseline import release_data_digest
from fixtures.facts_store import VERSION as FACTS_VERSION
from fixtures.raw import Json
from fixtures.tool import TOOL
from reports.results import SCHEMA_ID

_LICENCE: Final = Path(__file__).resolve().parent.parent / "LICENSE"


def versions(audit: Audit) -> tuple[tuple[str, str], ...]:
    """What was used, and in which version, as name and value."""
    target = audit.chosen_target
    return (
        ("Tool", TOOL),
        ("Target", f"{target.name} ({target.id})" if target else "none stated"),
        (
            "Release data",
            f"{release_data(audit)}, SHA-256 {release_data_digest(audit.inputs['releases'])}",
        ),
        ("Checks", str(len(audit.inputs["checks"]))),
        ("Forms", f"{SCHEMA_ID}, {FACTS_VERSION}"),
        ("Licence", licence()),
    )


def release_data(audit: Audit) -> str:
    """The day on which the data about releases were last compared with their sources."""
    days = sorted(set(_days(audit.inputs["releases"])))
    return f"of {days[-1]}" if days else "of an unknown day"


def licence() -> str:
    """The name of the licence of this tool."""
    try:
        first = _LICENCE.read_text(encoding="utf-8").lstrip().splitlines()[0].strip()
    except (OSError, IndexError):
        return "see LICENSE"
    return f"{first}, see LICENSE; a report belongs to whoever made it"


def sources(results: Mapping[str, Json]) -> tuple[tuple[str, int], ...]:
    """What the checks rest on: publisher or project, and how many checks name it, the most first.

    What exactly stands where is told with each check: `project, file; document, chapter`.
    """
    counts = Counter(
        name
        for check in results["catalogue"]
        for name in {part.partition(",")[0].strip() for part in check["source"].split(";")}
        if name
    )
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _days(data: Any) -> Iterator[str]:
    """Every `verified` of the release data."""
    if isinstance(data, Mapping):
        if isinstance(data.get("verified"), str):
            yield data["verified"]
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from _days(one)
