"""Whether a bundle is as it was written, and who approved or rejected it: every doubt by name."""

import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from fixtures.raw import Json
from reports import decision as decisions
from reports import sshsig
from reports.allowed_signers import AllowedSigner
from reports.decision import Decision
from reports.manifest import MANIFEST, verify
from reports.text import one_line

_FORBIDDING: Final = {
    "blocked": "it is BLOCKED",
    "incomplete": "it is INCOMPLETE",
    "not_verified": "a blocker is NOT VERIFIED",
}


@dataclass(frozen=True, slots=True)
class Signed:
    """A decision that counts: whole, of this bundle, by a key that was allowed to make it.

    Attributes:
        file: its path in the bundle.
        decision: what was decided.
        fingerprint: of the key.
        notes: what a careful reader wants to know about it.
    """

    file: str
    decision: Decision
    fingerprint: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a bundle and its decisions.

    Attributes:
        manifest: SHA-256 of the manifest, in hex.
        problems: what is wrong with the bundle, a decision or a signature; one line each.
        obstacles: why nobody may approve it.
        signed: the decisions that count.
    """

    manifest: str
    problems: tuple[str, ...]
    obstacles: tuple[str, ...]
    signed: tuple[Signed, ...]

    @property
    def rejections(self) -> tuple[Signed, ...]:
        """Who said no."""
        return tuple(one for one in self.signed if one.decision.decision == "reject")

    @property
    def approvals(self) -> tuple[Signed, ...]:
        """Who said yes: people, so neither one key nor one name counts twice."""
        found: list[Signed] = []
        for one in self.signed:
            taken = {(seen.fingerprint, seen.decision.signer.casefold()) for seen in found}
            keys, names = {key for key, _ in taken}, {name for _, name in taken}
            if (
                one.decision.decision == "approve"
                and one.fingerprint not in keys
                and one.decision.signer.casefold() not in names
            ):
                found.append(one)
        return tuple(found)

    def refusals(self, signers: int = 1) -> tuple[str, ...]:
        """Why the bundle does not count as approved by so many people; empty if it does."""
        found = [*self.problems, *self.obstacles]
        found += [
            f"{one.file}: {one_line(one.decision.signer)} rejected it" for one in self.rejections
        ]
        if len(self.approvals) < signers:
            found.append(f"approved by {len(self.approvals)} of {signers} people")
        return tuple(found)


def standing(bundle: Path, allowed: Sequence[AllowedSigner], now: datetime) -> Standing:
    """Look at a bundle and at all decisions about it.

    Args:
        bundle: its directory.
        allowed: whose keys count.
        now: aware; only to find decisions from the future and keys that have ended since.

    Raises:
        ValueError: there is no bundle that can be read.
    """
    problems = list(verify(bundle))
    closing = (bundle / MANIFEST).read_bytes()
    manifest = json.loads(closing)
    results = _results(bundle, problems)
    digest = sha256(closing).hexdigest()
    obstacles = obstacles_of(results)
    signed = []
    for path in _decision_files(bundle, problems):
        name = path.relative_to(bundle).as_posix()
        try:
            one = _judge(path, name, digest, manifest, allowed, now)
            if one.decision.moment < datetime.fromisoformat(results["run"]["ended"]):
                raise ValueError("it claims to be older than the run that it decides upon")
            if one.decision.decision == "approve" and obstacles:
                raise ValueError(f"it approves what cannot be approved: {obstacles[0]}")
        except (OSError, ValueError, KeyError) as error:
            problems.append(f"{one_line(name)}: {one_line(str(error))}")
        else:
            signed.append(one)
    return Standing(digest, tuple(problems), obstacles, tuple(signed))


def obstacles_of(results: Mapping[str, Json]) -> tuple[str, ...]:
    """Why the result of a run cannot be approved; by its flags and by its outcomes alike."""
    flags = results.get("flags") or {}
    found = [words for flag, words in _FORBIDDING.items() if flags.get(flag) is not False]
    outcomes = results.get("outcomes") or []
    if any(one["outcome"] == "blocked" for one in outcomes) and not flags.get("blocked"):
        found.append("it has a blocker that its verdict denies")
    return tuple(found)


def _results(bundle: Path, problems: list[str]) -> Mapping[str, Json]:
    try:
        content = json.loads((bundle / "results.json").read_bytes())
        if isinstance(content, dict) and isinstance(content["run"]["ended"], str):
            return content
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    problems.append("results.json: it cannot be read")
    return {"run": {"ended": "0001-01-01T00:00:00Z"}}


def _decision_files(bundle: Path, problems: list[str]) -> list[Path]:
    """Every decision with a signature beside it; what else lies there is a problem."""
    folder = bundle / decisions.FOLDER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        problems.append(f"{decisions.FOLDER}: it is not a directory")
    if folder.is_symlink() or not folder.is_dir():
        return []
    found = sorted(folder.iterdir())
    names = {path.name for path in found}
    kept = []
    for path in found:
        shown = one_line(f"{decisions.FOLDER}/{path.name}")
        if not stat.S_ISREG(path.lstat().st_mode):
            problems.append(f"{shown}: it is not a regular file")
        elif path.name.endswith(".json.sig"):
            if path.name.removesuffix(".sig") not in names:
                problems.append(f"{shown}: the decision that it signs is not there")
        elif path.suffix != ".json":
            problems.append(f"{shown}: it is neither a decision nor a signature")
        elif f"{path.name}.sig" not in names:
            problems.append(f"{shown}: it is not signed")
        else:
            kept.append(path)
    return kept


def _judge(
    path: Path,
    name: str,
    digest: str,
    manifest: Mapping[str, Json],
    allowed: Sequence[AllowedSigner],
    now: datetime,
) -> Signed:
    """One decision, if it counts.

    Raises:
        ValueError: it does not; the text says why.
    """
    message, armoured = _small(path), _small(decisions.signature_path(path))
    signature = sshsig.parse(armoured)
    if signature.namespace != decisions.NAMESPACE:
        raise ValueError(f"it was signed for another purpose: {one_line(signature.namespace)}")
    sshsig.check(signature, message)
    decision = decisions.parse(message)
    if decision.manifest != digest:
        raise ValueError("it was made for another bundle, or this one was altered since")
    if (decision.pool, decision.verdict) != (manifest["pool"], manifest["verdict"]):
        raise ValueError("it names another pool or verdict than the manifest")
    if decision.moment > now:
        raise ValueError(f"it claims to be from the future: {decision.time}")
    lines = [one for one in allowed if one.key == signature.key]
    if not lines:
        raise ValueError(f"nobody is allowed to sign with the key {signature.fingerprint}")
    refused = [one.refusal(decision.signer, signature.namespace, decision.moment) for one in lines]
    if all(refused):
        raise ValueError(refused[0])
    notes: tuple[str, ...] = ()
    if all(one.refusal(decision.signer, signature.namespace, now) for one in lines):
        notes = (f"the key is not valid any more; that it was used on {decision.time} is a claim",)
    return Signed(name, decision, signature.fingerprint, notes)


def _small(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(decisions.MOST_BYTES + 1)
    if len(data) > decisions.MOST_BYTES:
        raise ValueError(f"{path.name} has more than {decisions.MOST_BYTES} bytes")
    return data
