"""Whether the target can be reached from what a host runs, as the release data say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fixtures.exceptions import NotVerifiedError
from fixtures.raw import Json
from fixtures.releases import Release, SourceRelease
from rules.confidence import unsure


@dataclass(frozen=True, slots=True)
class Way:
    """The way from one release to another.

    Attributes:
        sound: it may be taken.
        wanted: what was expected, in words.
        found: what is so, in words.
        lighter: why a way that may not be taken is only worth a warning; empty if it is not.
        basis: where that is from, as evidence.
    """

    sound: bool
    wanted: str
    found: str
    lighter: str = ""
    basis: Mapping[str, Json] = field(default_factory=dict)


def way_to(target: Release, source: SourceRelease) -> Way:
    """Judge the in-place upgrade from a release to the target.

    Raises:
        NotVerifiedError: nothing is known of it, or only an unverified source allows it.
    """
    path = target.path_from(source)
    over = f"; the path is {' -> '.join((source.id, *path.steps))}" if path.steps else ""
    if path.kind == "unknown":
        raise NotVerifiedError(f"{path.fact.value}{over}")
    if path.kind == "direct" and not path.fact.is_verified:
        raise NotVerifiedError(f"no verified source allows it: {path.fact.value}")
    return Way(
        sound=path.kind == "direct",
        wanted=f"{source.name} directly to {target.name}",
        found=f"{path.fact.value}{over}",
        lighter=unsure(path.fact),
        basis={
            "kind": path.kind,
            "steps": list(path.steps),
            "says": path.fact.value,
            "basis": path.fact.source,
            "confidence": path.fact.confidence,
        },
    )
