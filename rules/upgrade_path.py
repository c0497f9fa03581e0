"""Whether the target can be reached from what a host runs, as the release data say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fixtures.attestations import Attestation
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
        unconfirmed: why a person has to confirm a way that may be taken; empty if nobody has to.
        basis: where that is from, as evidence.
    """

    sound: bool
    wanted: str
    found: str
    lighter: str = ""
    unconfirmed: str = ""
    basis: Mapping[str, Json] = field(default_factory=dict)


def way_to(target: Release, source: SourceRelease) -> Way:
    """Judge the in-place upgrade from a release to the target.

    Raises:
        NotVerifiedError: nothing is known of it.
    """
    path = target.path_from(source)
    over = f"; the path is {' -> '.join((source.id, *path.steps))}" if path.steps else ""
    if path.kind == "unknown":
        raise NotVerifiedError(f"{path.fact.value}{over}")
    return Way(
        sound=path.kind == "direct",
        wanted=f"{source.name} directly to {target.name}",
        found=f"{path.fact.value}{over}",
        lighter=unsure(path.fact),
        unconfirmed=(
            ""
            if path.kind != "direct" or path.fact.is_verified
            else f"no verified source allows it: {path.fact.value}"
        ),
        basis={
            "kind": path.kind,
            "steps": list(path.steps),
            "says": path.fact.value,
            "basis": path.fact.source,
            "confidence": path.fact.confidence,
        },
    )


def confirm(way: Way, said: Attestation, target: Release) -> None:
    """Let a person's word stand for a way that no verified source allows.

    Raises:
        NotVerifiedError: the word is of another target.
    """
    if said.answer != target.id:
        raise NotVerifiedError(
            f"{way.unconfirmed}; {said.by} confirmed {said.answer}, not this target"
        )
