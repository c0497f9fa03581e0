"""What the index of an archive says about one run, also where its bundle is damaged."""

import json
import stat
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from reports import decision as decisions
from reports.archive_memory import Memory
from reports.manifest import MANIFEST, verify
from reports.text import reason

_MOST_RESULTS: Final = 1 << 30
_MOST_DECISIONS: Final = 100


@dataclass(frozen=True, slots=True)
class Run:
    """One row; every text may be hostile.

    Attributes:
        path: of the bundle, relative to the archive.
        pool: its name; of a damaged bundle the name of its directory.
        pool_uuid: its uuid, or empty.
        target: id of the target, or a word why there is none.
        verdict: its word, or empty where there is none.
        sentence: what it says.
        started: when the run began, `YYYY-MM-DDTHH:MM:SSZ`, or empty.
        decisions: who decided what, as claimed.
        problem: what is wrong with the bundle; empty if it is as it was written.
        has_report: there is a page to link to.
    """

    path: str
    pool: str
    pool_uuid: str
    target: str
    verdict: str
    sentence: str
    started: str
    decisions: tuple[str, ...]
    problem: str
    has_report: bool

    @property
    def when(self) -> str:
        """When the run began, for people."""
        return f"{self.started[:10]} {self.started[11:16]}" if self.started else "not known"

    @property
    def rest_of_sentence(self) -> str:
        """What the sentence says beyond the verdict's word."""
        return self.sentence.removeprefix(self.verdict).lstrip(": ")

    def age(self, now: datetime) -> str:
        """How many days ago that was."""
        try:
            days = (now - datetime.fromisoformat(self.started)).days
        except (ValueError, TypeError):
            return "not known"
        if days < 0:
            return "in the future"
        return {0: "today", 1: "1 day"}.get(days, f"{days} days")


def look_at(bundle: Path, memory: Memory) -> Run:
    """Read what a run says about itself, and whether its files are as they were written."""
    facts: dict[str, str] = {}
    problem = ""
    try:
        facts = memory.summary(bundle, lambda: _summary(bundle))
    except Exception as error:
        # Whatever is in there, it is one row of the index and must not cost the others.
        problem = f"results.json: {reason(error)}"
    if not problem:
        problem = memory.integrity(bundle, lambda: _integrity(bundle))
    return Run(
        path=f"{bundle.parent.name}/{bundle.name}",
        pool=facts.get("pool") or bundle.parent.name,
        pool_uuid=facts.get("uuid", ""),
        target=facts.get("target") or "none",
        verdict=facts.get("verdict", ""),
        sentence=facts.get("sentence", ""),
        started=facts.get("started", ""),
        decisions=_decisions(bundle),
        problem=problem,
        has_report=(bundle / "report.html").is_file(),
    )


def unreadable(folder: Path, problem: OSError) -> Run:
    """The row of a folder that cannot even be listed."""
    return Run(
        folder.name, folder.name, "", "none", "", "", "", (), reason(problem), has_report=False
    )


def _summary(bundle: Path) -> dict[str, str]:
    """The few words of results.json that a row needs.

    Raises:
        ValueError: it is not what it should be, or not there: the run did not end.
    """
    path = bundle / "results.json"
    if not path.exists():
        raise ValueError("it is not there: the run did not end")
    if not stat.S_ISREG(path.lstat().st_mode) or path.lstat().st_size > _MOST_RESULTS:
        raise ValueError("it is no regular file of a sensible size")
    results = json.loads(_without_outcomes(path))
    run = results["run"]
    found = {
        "pool": run["pool"]["name"],
        "uuid": run["pool"]["uuid"],
        "target": run["target"] or "",
        "verdict": results["verdict"],
        "sentence": results.get("sentence", ""),
        "started": run["started"],
    }
    if not all(isinstance(text, str) for text in found.values()):
        raise ValueError("it has another form")
    return found


def _without_outcomes(path: Path) -> bytes:
    """A results.json without what a row does not need, which is nearly all of it in a large run.

    Its lines are told apart as this suite writes them; a file of another form is taken whole.
    """
    kept: list[bytes] = []
    left_out = False
    with path.open("rb") as file:
        for line in file:
            left_out = left_out and not line.startswith(b" ]")
            if not left_out:
                kept.append(line)
                left_out = line == b' "outcomes": [\n'
    return b"".join(kept)


def _integrity(bundle: Path) -> str:
    try:
        altered = verify(bundle)
    except (OSError, ValueError) as problem:
        if not (bundle / MANIFEST).exists():
            return f"no {MANIFEST}: nobody can tell what was altered"
        return reason(problem)
    more = f" and {len(altered) - 1} more" if len(altered) > 1 else ""
    return f"altered: {altered[0]}{more}" if altered else ""


def _decisions(bundle: Path) -> tuple[str, ...]:
    """Who decided what, as the files claim; whether they are signed is for the verifier to say."""
    folder = bundle / decisions.FOLDER
    if folder.is_symlink() or not folder.is_dir():
        return ()
    digest = _manifest_digest(bundle)
    found = []
    for path in sorted(folder.glob("*.json"))[:_MOST_DECISIONS]:
        try:
            if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > decisions.MOST_BYTES:
                raise ValueError("no regular file")
            one = decisions.parse(path.read_bytes())
        except Exception as problem:
            found.append(f"{path.name}: {reason(problem)}")
            continue
        word = {"approve": "approves", "reject": "rejects"}[one.decision]
        other = "" if one.manifest == digest else " (of another manifest)"
        signed = "" if decisions.signature_path(path).exists() else " (unsigned)"
        found.append(f"{one.signer} {word}{other}{signed}")
    return tuple(found)


def _manifest_digest(bundle: Path) -> str:
    try:
        return sha256((bundle / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        return ""
