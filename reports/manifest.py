"""The bundle on disk, and a manifest with the SHA-256 of every file in it."""

import hashlib
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fixtures.private_files import private_directory
from fixtures.raw import Json
from reports.text import one_line, slug, whole

MANIFEST: Final = "manifest.json"
SCHEMA_ID: Final = "poolproof/manifest/1"
# Added after the manifest is closed: decisions about the bundle, over the manifest's own bytes.
OUTSIDE: Final = (MANIFEST, "signoff")
# The outcomes of a run under way; goes as soon as the manifest is there.
UNDER_WAY: Final = "outcomes.jsonl"
_CHUNK: Final = 1 << 20
_MOST_BYTES: Final = 64 << 20


def new_bundle(archive: Path, pool: str, started: datetime) -> Path:
    """Make `archive/<pool>/<UTC time>/`, new; a run in the same second gets `-2`, `-3` ...

    Args:
        archive: the directory of all runs.
        pool: the pool's name, any text, or its id.
        started: when the run began, aware.
    """
    parent = private_directory(archive / slug(pool))
    stamp = started.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = 1
    while True:
        bundle = parent / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            bundle.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
        else:
            return bundle


def manifest(directory: Path, *, tool: str, verdict: str, pool_uuid: str) -> bytes:
    """The bytes of `manifest.json` for all files now in the bundle; the same files, the same bytes.

    It names the run of the pool before it, with the hash of that run's manifest: what is put in or
    taken out of the archive later breaks the chain.

    Args:
        directory: the bundle, among the other runs of its pool.
        tool: name and version of what made it.
        verdict: the verdict's word.
        pool_uuid: of the pool that was audited; empty if that is unknown.

    Raises:
        ValueError: something in the bundle is not a regular file or directory.
    """
    files = [
        {"path": name, "size": path.stat().st_size, "sha256": _sha256(path)}
        for name, path in sorted(_files(directory).items())
        if name != UNDER_WAY
    ]
    content = {
        "schema": SCHEMA_ID,
        "tool": tool,
        "verdict": verdict,
        "pool": whole(pool_uuid),
        "previous": _previous(directory, whole(pool_uuid)),
        "files": files,
    }
    return json.dumps(content, indent=1, sort_keys=True).encode("ascii") + b"\n"


def verify(directory: Path, closing: bytes | None = None) -> tuple[str, ...]:
    """What no longer agrees with the bundle's manifest, one line each; empty if all is as written.

    Args:
        directory: the bundle.
        closing: the bytes of its manifest, where they have been read; None to read them.

    Raises:
        ValueError: there is no manifest that can be read.
    """
    content = contents(directory, closing)
    listed = {entry["path"]: (entry["size"], entry["sha256"]) for entry in content["files"]}
    found = _files(directory)
    problems = [f"{name}: listed, and not there" for name in listed.keys() - found.keys()]
    problems += [f"{name}: there, and not listed" for name in found.keys() - listed.keys()]
    problems += [
        f"{name}: not the file that was listed"
        for name in listed.keys() & found.keys()
        if found[name].stat().st_size != listed[name][0] or _sha256(found[name]) != listed[name][1]
    ]
    previous = content["previous"]
    if previous is not None:
        before = directory.resolve().parent / slug(previous["bundle"]) / MANIFEST
        if before.is_file() and _sha256(before) != previous["sha256"]:
            problems.append(f"{previous['bundle']}: no longer the run before this one")
    return tuple(sorted(problems))


def closing_of(directory: Path) -> bytes:
    """The bytes of a manifest: what is verified and what is signed must be read only once.

    Raises:
        ValueError: there is none that can be read.
    """
    path = directory / MANIFEST
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"{path} cannot be read as a manifest: it is no sensible regular file")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read as a manifest") from error


def contents(directory: Path, closing: bytes | None = None) -> dict[str, Json]:
    """What a manifest says.

    Args:
        directory: the bundle.
        closing: the bytes of its manifest, where they have been read; None to read them.

    Raises:
        ValueError: there is no manifest that can be read, or it says one thing twice.
    """
    data = closing_of(directory) if closing is None else closing
    try:
        content = json.loads(data, object_pairs_hook=_once)
        texts = [content[key] for key in ("tool", "verdict", "pool")]
        for entry in content["files"]:
            texts += [entry["path"], entry["sha256"]]
            _whole_number(entry["size"])
        if content["previous"] is not None:
            texts += [content["previous"]["bundle"], content["previous"]["sha256"]]
        if content["schema"] != SCHEMA_ID or not all(isinstance(text, str) for text in texts):
            raise TypeError
        _once([(_listable(entry["path"]), None) for entry in content["files"]])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{directory / MANIFEST} cannot be read as a manifest") from error
    return dict(content)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Pairs as a mapping, in which nothing hides behind a second entry of the same name."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it says one thing twice")
    return found


def _listable(path: str) -> str:
    """A path that means the same to `sha256sum -c` as to this module, and lies within."""
    parts = path.split("/")
    hidden = path != one_line(path, None) or "\\" in path or parts[0] in OUTSIDE
    if hidden or {"", ".", ".."} & {*parts}:
        raise ValueError("it lists a path that is none")
    return path


def _whole_number(value: Json) -> None:
    if type(value) is not int:
        raise TypeError


def _previous(directory: Path, pool_uuid: str) -> dict[str, str] | None:
    """The newest other run of the same pool that began before this one."""
    here = directory.absolute()
    earlier = [one for one in here.parent.iterdir() if _age(one.name) < _age(here.name)]
    for one in sorted(earlier, key=lambda path: _age(path.name), reverse=True):
        try:
            if contents(one)["pool"] == pool_uuid:
                return {"bundle": one.name, "sha256": _sha256(one / MANIFEST)}
        except (OSError, ValueError):
            continue
    return None


def _age(name: str) -> tuple[str, int]:
    """Sorts the names that `new_bundle` gives by time."""
    stamp, _, number = name.partition("-")
    return stamp, int(number) if number.isdecimal() else 1


def _files(directory: Path) -> dict[str, Path]:
    """Relative POSIX path -> file, of everything that a manifest covers."""
    files: dict[str, Path] = {}
    waiting = [one for one in directory.iterdir() if one.name not in OUTSIDE]
    while waiting:
        path = waiting.pop()
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            waiting += path.iterdir()
        elif stat.S_ISREG(mode):
            files[path.relative_to(directory).as_posix()] = path
        else:
            raise ValueError(f"{path} is neither a file nor a directory")
    return files


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
