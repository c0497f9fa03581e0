"""Whether a bundle is as it was written, and who approved or rejected it: every doubt by name."""

import json
import stat
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from fixtures.raw import Json
from reports import decision as decisions
from reports import sshsig
from reports.allowed_signers import AllowedSigner
from reports.consistency import contradictions
from reports.decision import Decision
from reports.manifest import closing_of, contents, verify
from reports.text import one_line

RESULTS: Final = "results.json"
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
        same: of all keys that may sign as this signer: they can be one person's.
        notes: what a careful reader wants to know about it.
    """

    file: str
    decision: Decision
    fingerprint: str
    same: frozenset[str] = frozenset()
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
        """Who said yes: people, so neither one key nor one name counts twice.

        Nor do two keys, if `allowed_signers` lets one sign in the name under which the other did.
        """
        found: list[Signed] = []
        for one in self.signed:
            if one.decision.decision == "approve" and not any(_one_person(one, it) for it in found):
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
    closing = closing_of(bundle)
    problems = list(verify(bundle, closing))
    manifest = contents(bundle, closing)
    results = _results(bundle, manifest, problems)
    ended = _ended(results, problems)
    digest = sha256(closing).hexdigest()
    obstacles = (*obstacles_of(results), *_disagreement(manifest, results))
    signed = []
    for path in _decision_files(bundle, problems):
        name = path.relative_to(bundle).as_posix()
        try:
            one = _judge(path, name, digest, manifest, allowed, now)
            if one.decision.moment < ended:
                raise ValueError("it claims to be older than the run that it decides upon")
            if one.decision.decision == "approve" and obstacles:
                raise ValueError(f"it approves what cannot be approved: {obstacles[0]}")
        except (OSError, ValueError, KeyError) as error:
            problems.append(f"{one_line(name)}: {one_line(str(error))}")
        else:
            signed.append(one)
    return Standing(digest, tuple(problems), obstacles, tuple(signed))


def obstacles_of(results: Mapping[str, Json]) -> tuple[str, ...]:
    """Why the result of a run cannot be approved: by its flags, and by its rows that deny them."""
    flags = results.get("flags")
    known = flags if isinstance(flags, Mapping) else {}
    found = [words for flag, words in _FORBIDDING.items() if known.get(flag) is not False]
    return (*found, *contradictions(results))


def _disagreement(manifest: Mapping[str, Json], results: Mapping[str, Json]) -> tuple[str, ...]:
    try:
        same = (manifest["verdict"], manifest["pool"]) == (
            results["verdict"],
            results["run"]["pool"]["uuid"],
        )
    except (KeyError, TypeError):
        same = False
    return () if same else ("its manifest names another pool or verdict than its results",)


def _one_person(one: Signed, other: Signed) -> bool:
    names = {_folded(signed.decision.signer) for signed in (one, other)}
    keys = {one.fingerprint, other.fingerprint}
    return len(names) < 2 or len(keys) < 2 or keys <= one.same or keys <= other.same


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _results(bundle: Path, manifest: Mapping[str, Json], problems: list[str]) -> Mapping[str, Json]:
    """The content of `results.json`, of the very bytes that the manifest lists."""
    try:
        data = (bundle / RESULTS).read_bytes()
        content = json.loads(data)
        listed = {one["path"]: one["sha256"] for one in manifest["files"]}
        if listed.get(RESULTS) == sha256(data).hexdigest() and isinstance(content, dict):
            return content
    except (OSError, ValueError, RecursionError):
        pass
    problems.append(f"{RESULTS}: it cannot be read, or is not the file that was listed")
    return {}


def _ended(results: Mapping[str, Json], problems: list[str]) -> datetime:
    """When the run ended, aware."""
    try:
        ended = datetime.fromisoformat(results["run"]["ended"])
        if ended.tzinfo is not None:
            return ended
    except (KeyError, TypeError, ValueError):
        pass
    problems.append(f"{RESULTS}: it does not say when the run ended")
    return datetime.max.replace(tzinfo=UTC)


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
    same = frozenset(sshsig.fingerprint(one.key) for one in allowed if one.names(decision.signer))
    return Signed(name, decision, signature.fingerprint, same, notes)


def _small(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(decisions.MOST_BYTES + 1)
    if len(data) > decisions.MOST_BYTES:
        raise ValueError(f"{path.name} has more than {decisions.MOST_BYTES} bytes")
    return data
