"""What was found when the files of a run were last read, so that an archive is not read whole each day.

A run counts as unchanged while its files have the names, sizes and times that they had. That is
good enough for a table of contents; who wants to be sure reads them again, as `signoff verify` and
`python -m reports.archive_index` do. What is remembered is never trusted further than that.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from fixtures.private_files import write_private
from fixtures.raw import Json
from reports.manifest import MANIFEST, contents
from reports.text import slug

FILE: Final = ".index.json"
_VERSION: Final = "poolproof/archive-index/1"
_MOST_BYTES: Final = 64 << 20


@dataclass(slots=True)
class Memory:
    """What is known of runs.

    Attributes:
        known: path of a bundle -> `stamp`, `problem` and `summary`.
        seen: the same of the runs that were looked at this time, which is what is kept.
    """

    known: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    seen: dict[str, dict[str, Json]] = field(default_factory=dict)

    @staticmethod
    def load(archive: Path, *, forget: bool) -> "Memory":
        """What was kept beside an archive; nothing where it is damaged or to be forgotten."""
        path = archive / FILE
        try:
            if forget or path.is_symlink() or path.stat().st_size > _MOST_BYTES:
                return Memory()
            content = json.loads(path.read_bytes())
            if content["version"] == _VERSION and isinstance(content["runs"], dict):
                runs = {k: v for k, v in content["runs"].items() if isinstance(v, dict)}
                return Memory(runs)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass
        return Memory()

    def save(self, archive: Path) -> None:
        """Keep what was seen."""
        content = {"version": _VERSION, "runs": self.seen}
        write_private(
            archive / FILE, json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
        )

    def summary(self, bundle: Path, read: Callable[[], dict[str, str]]) -> dict[str, str]:
        """What a run says about itself, read again only where its files changed.

        Raises:
            ValueError: what `read` raises; that is never remembered.
        """
        entry = self._entry(bundle)
        if not _is_texts(entry.get("summary")):
            entry["summary"] = read()
        return dict(entry["summary"])

    def integrity(self, bundle: Path, read: Callable[[], str]) -> str:
        """What is wrong with the files of a run, read again only where they changed."""
        entry = self._entry(bundle)
        if not isinstance(entry.get("problem"), str):
            entry["problem"] = read()
        return str(entry["problem"])

    def _entry(self, bundle: Path) -> dict[str, Json]:
        key = f"{bundle.parent.name}/{bundle.name}"
        if key not in self.seen:
            mark = stamp(bundle)
            old = self.known.get(key, {})
            self.seen[key] = dict(old) if old.get("stamp") == mark else {"stamp": mark}
        return self.seen[key]


def stamp(bundle: Path) -> str:
    """Names, kinds, sizes and times of all files of a run, in one hash."""
    digest = sha256()
    for path in sorted(bundle.rglob("*")):
        about = path.lstat()
        line = (
            path.relative_to(bundle).as_posix(),
            about.st_mode,
            about.st_size,
            about.st_mtime_ns,
        )
        digest.update(repr((*line, about.st_ctime_ns, about.st_ino)).encode())
    digest.update(_before(bundle).encode())
    return digest.hexdigest()


def _before(bundle: Path) -> str:
    """What the chain of manifests hangs on: the manifest of the run before, by size and time."""
    try:
        previous = contents(bundle)["previous"]
        about = (bundle.parent / slug(previous["bundle"]) / MANIFEST).lstat()
    except (OSError, ValueError, TypeError):
        return ""
    return repr((about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino))


def _is_texts(value: Json) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
