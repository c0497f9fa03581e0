"""A decision about a bundle: one small JSON file for each, the only thing that a person signs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

from fixtures.times import iso_time
from reports.text import one_line, slug

NAMESPACE: Final = "pool-upgrade-signoff@poolproof"
FOLDER: Final = "signoff"
SCHEMA_ID: Final = "poolproof/decision/1"
MOST_BYTES: Final = 64 << 10
MOST_CHARACTERS: Final = 2000
_MOST_PER_SIGNER: Final = 100

Word: TypeAlias = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided about one bundle.

    Attributes:
        manifest: SHA-256 of the bundle's `manifest.json`, in hex; by it the decision covers all of it.
        pool: the pool's uuid.
        verdict: the verdict's word that was decided upon.
        decision: approve or reject.
        signer: who decided, as named in `allowed_signers`.
        change: number of the change it belongs to, or empty.
        comment: anything, or empty.
        time: when, `YYYY-MM-DDTHH:MM:SSZ`; claimed by the signer, proven by nobody.
    """

    manifest: str
    pool: str
    verdict: str
    decision: Word
    signer: str
    change: str
    comment: str
    time: str

    @property
    def moment(self) -> datetime:
        """When it was made, aware."""
        return datetime.strptime(self.time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    def to_bytes(self) -> bytes:
        """The bytes that are signed."""
        content = {"schema": SCHEMA_ID, **asdict(self)}
        return json.dumps(content, indent=1, sort_keys=True).encode("ascii") + b"\n"


def parse(data: bytes) -> Decision:
    """Read a decision.

    Raises:
        ValueError: it is not one, to the letter; the text says what is wrong.
    """
    try:
        content = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(content, Mapping) or content.get("schema") != SCHEMA_ID:
        raise ValueError(f"it is not a decision of the form {SCHEMA_ID}")
    values = {key: value for key, value in content.items() if key != "schema"}
    if set(values) != set(Decision.__dataclass_fields__) or not all(
        isinstance(value, str) and len(value) <= MOST_CHARACTERS for value in values.values()
    ):
        raise ValueError("it does not have exactly the texts of a decision")
    if values["decision"] not in ("approve", "reject"):
        raise ValueError("it decides neither to approve nor to reject")
    decision = Decision(**values)
    try:
        exact = iso_time(decision.moment) == decision.time
    except ValueError:
        exact = False
    if not exact:
        raise ValueError("its time is none")
    signer = decision.signer
    if not signer or signer != one_line(signer, None).strip():
        raise ValueError("a signer has a name, and nothing is hidden in it")
    if decision.to_bytes() != data:
        # Else one reader could take the first of two answers, and another the last.
        raise ValueError("it is not written as decisions are")
    return decision


def free_path(bundle: Path, signer: str) -> Path:
    """Where the next decision of a signer goes: `signoff/<signer>.json`, then `-2`, `-3` ...

    Raises:
        ValueError: the signer has decided far too often.
    """
    stem = slug(signer)
    for number in range(1, _MOST_PER_SIGNER):
        path = bundle / FOLDER / f"{stem}{'' if number == 1 else f'-{number}'}.json"
        if not path.exists() and not signature_path(path).exists():
            return path
    raise ValueError(f"{signer} has decided {_MOST_PER_SIGNER} times")


def signature_path(path: Path) -> Path:
    """Where the signature of a decision stands."""
    return path.with_name(path.name + ".sig")
