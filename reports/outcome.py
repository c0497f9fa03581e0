"""What a check said about an object: the record that everything leaving a run is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from fixtures.raw import Json

ObjectClass: TypeAlias = Literal["pool", "host", "SR", "VM"]
Severity: TypeAlias = Literal["blocker", "warning", "info"]
OutcomeWord: TypeAlias = Literal[
    "pass", "blocked", "warning", "waived", "not-applicable", "not-verified", "info"
]

OBJECT_CLASSES: Final[tuple[ObjectClass, ...]] = ("pool", "host", "SR", "VM")
SEVERITIES: Final[tuple[Severity, ...]] = ("blocker", "warning", "info")
OUTCOMES: Final[tuple[OutcomeWord, ...]] = (
    "pass",
    "blocked",
    "warning",
    "waived",
    "not-applicable",
    "not-verified",
    "info",
)
OPEN: Final = ("blocked", "warning", "not-verified", "waived")
"""Outcomes that somebody may want to clear."""
RISKS: Final = ("none", "change", "VM outage", "host outage", "pool outage", "data loss")
"""What carrying out a remedy costs at worst: nothing at all; a setting, a file or a restart of a
toolstack, while VMs go on; a VM shut down or restarted; a host that reboots, or loses network or storage
for a while; the same for the whole pool; data, if it is done wrongly."""
NEEDS_CAUSE: Final = ("not-applicable", "not-verified")


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """What a check was judged on.

    Attributes:
        class_: pool, host, SR or VM.
        uuid: its XenAPI uuid, the stable half of a finding's key.
        name: its name_label as it stands: any text at all, made safe only where it is shown.
    """

    class_: ObjectClass
    uuid: str
    name: str

    def __post_init__(self) -> None:
        if self.class_ not in OBJECT_CLASSES:
            raise ValueError(f"no such object class: {self.class_!r}")


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """One line of the catalogue: what a check asks, why, on whose word, and what to do about it.

    Attributes:
        file: path of the check's module relative to the repository or to `--checks DIR`.
        risk: what the remedy costs, beginning with one of `RISKS`.
        function: the check's function in that file.
        waivable: whether a finding may be waived.
        question: what it asks a person, in one sentence; empty if it asks nobody.
        answers: the words that answer it.
        answer_days: for how many days an answer may hold.
    """

    id: str
    severity: Severity
    object_class: ObjectClass
    title: str
    why: str
    source: str
    remedy: str
    file: str
    risk: str
    function: str = ""
    waivable: bool = True
    question: str = ""
    answers: tuple[str, ...] = ()
    answer_days: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", tuple(self.answers))  # JSON gives a list back
        if self.severity not in SEVERITIES:
            raise ValueError(f"{self.id}: no such severity: {self.severity!r}")
        if self.object_class not in OBJECT_CLASSES:
            raise ValueError(f"{self.id}: no such object class: {self.object_class!r}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of one check on one object.

    Attributes:
        check: the check's id.
        severity: how much a failure weighs on this object.
        object: what was judged.
        outcome: one of the seven words.
        message: `kind name: property - expected: x, found: y`; the original one when waived.
        evidence: what the answer rests on; plain JSON.
        remedy: plain text, commands between backticks.
        cause: why it is not verified, or the reason why it does not apply; required for these two.
        waiver: of a waived finding: `original` (the word it had), owner, approver, reason, ticket,
            measure, why_all, from, until; else None.
        host: of an open finding on a VM or SR, the host that alone has it, so that people who work host
            by host find it there; else None.

    Raises:
        ValueError: the parts contradict each other, so that no report could tell the truth.
    """

    check: str
    severity: Severity
    object: ObjectRef
    outcome: OutcomeWord
    message: str = ""
    evidence: Mapping[str, Json] = field(default_factory=dict)
    remedy: str = ""
    cause: str = ""
    waiver: Mapping[str, Json] | None = None
    host: ObjectRef | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"{self.finding}: no such severity: {self.severity!r}")
        if self.outcome not in OUTCOMES:
            raise ValueError(f"{self.finding}: no such outcome: {self.outcome!r}")
        if self.outcome == "blocked" and self.severity != "blocker":
            raise ValueError(f"{self.finding}: only a blocker can block")
        if self.outcome in NEEDS_CAUSE and not self.cause.strip():
            raise ValueError(f"{self.finding}: {self.outcome} without its cause")
        if (self.outcome == "waived") != (self.waiver is not None):
            raise ValueError(f"{self.finding}: waived and its waiver go together")
        if self.waiver is not None and self.waiver.get("original") not in OUTCOMES:
            raise ValueError(f"{self.finding}: the waiver does not keep the original outcome")

    @property
    def finding(self) -> str:
        """The stable key of waivers, diffs and tickets: check id and object uuid."""
        return f"{self.check}:{self.object.uuid}"


def object_of(record: Mapping[str, Json]) -> ObjectRef:
    """The object of an outcome as `results.json` has it."""
    return ObjectRef(record["class"], record["uuid"], record["name"])


def object_json(object_: ObjectRef) -> dict[str, str]:
    """The inverse: an object as the bundle's files have it."""
    return {"class": object_.class_, "uuid": object_.uuid, "name": object_.name}


def object_order(object_: ObjectRef) -> tuple[int, str, str]:
    """Sort key of objects: the pool, its hosts, SRs, VMs; then name, then uuid."""
    return OBJECT_CLASSES.index(object_.class_), object_.name, object_.uuid


def outcome_order(outcome: Outcome) -> tuple[str, int, str, str]:
    """Sort key of outcomes: check id, then object."""
    return outcome.check, *object_order(outcome.object)


def without_object(text: str, class_: str, name: str) -> str:
    """A message or cause without the `kind name: ` that it may begin with, to show beside it."""
    prefix = f"{class_} {name}:"
    return text.removeprefix(prefix).lstrip() if text.startswith(prefix) else text


def count_objects(objects: set[ObjectRef]) -> str:
    """How many of what, for people: `the pool, 2 hosts and 1 VM`; `nothing` when there are none."""
    parts = []
    for class_ in OBJECT_CLASSES:
        number = len({object_.uuid for object_ in objects if object_.class_ == class_})
        if number:
            plural = "" if number == 1 else "s"
            parts.append("the pool" if class_ == "pool" else f"{number} {class_}{plural}")
    return in_words(parts) or "nothing"


def in_words(parts: list[str]) -> str:
    """Join for people: `a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
