"""`index.html` of an archive: every run with its pool, target, verdict, signers and integrity.

One file without script: the same runs stand in it in several orders, and a link chooses one. It is
written anew at the end of each run, and by `python -m reports.archive_index DIR`. It is a table of
contents and no proof: who signed is told as it is claimed, `python -m reports.signoff verify` checks.
"""

import argparse
import base64
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from fixtures.private_files import write_private
from reports.archive_memory import Memory
from reports.archive_row import Run, look_at, unreadable
from reports.page import VERDICT_CLASSES, shown
from reports.page_view import SYMBOLS
from reports.text import for_terminal, reason

INDEX: Final = "index.html"
_MARK: Final = "poolproof archive index"
_HERE: Final = Path(__file__).parent
_STYLES: Final = ("page.css", "archive_index.css")


@dataclass(frozen=True, slots=True)
class View:
    """The runs in one order: an id, what the link says, the runs."""

    anchor: str
    title: str
    runs: tuple[Run, ...]


def runs_of(archive: Path, memory: Memory) -> tuple[Run, ...]:
    """Every run below an archive, the newest first; a damaged one says so in its row."""
    found: list[Run] = []
    for pool in sorted(archive.iterdir()):
        if pool.is_symlink() or not pool.is_dir():
            continue
        try:
            bundles = [one for one in sorted(pool.iterdir()) if _is_bundle(one)]
        except OSError as problem:
            found.append(unreadable(pool, problem))
            continue
        found += [look_at(bundle, memory) for bundle in bundles]
    return tuple(sorted(found, key=lambda run: (run.started, run.path), reverse=True))


def _is_bundle(directory: Path) -> bool:
    if directory.is_symlink() or not directory.is_dir():
        return False
    return any((directory / name).exists() for name in ("facts", "results.json", "manifest.json"))


def render(runs: Sequence[Run], now: datetime) -> bytes:
    """The bytes of the index.

    Args:
        runs: the newest first.
        now: aware; ages are counted to it, and the page says so.
    """
    views = (
        View("by-pool", "by pool", _sorted(runs, lambda run: (run.pool.casefold(), run.pool_uuid))),
        View("by-target", "by target", _sorted(runs, lambda run: (run.target,))),
        View("by-verdict", "by verdict", _sorted(runs, lambda run: (_gravity(run.verdict),))),
        View("by-signers", "unsigned first", _sorted(runs, lambda run: (len(run.decisions),))),
        View("by-date", "newest first", tuple(runs)),
    )
    style = "".join((_HERE / name).read_text(encoding="utf-8") for name in _STYLES).strip()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("archive_index.html.j2").render(
        mark=_MARK,
        style=Markup(style),  # noqa: S704 - our own style sheets, beside this file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        views=views,
        runs=runs,
        made=now.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
        age=lambda run: run.age(now),
        symbols=SYMBOLS,
        classes=VERDICT_CLASSES,
    )
    return text.encode()


def _sorted(runs: Sequence[Run], key: Callable[[Run], tuple[str | int, ...]]) -> tuple[Run, ...]:
    return tuple(sorted(runs, key=key))


def _gravity(verdict: str) -> int:
    """The gravest first; what has no verdict is graver than any."""
    words = list(VERDICT_CLASSES)
    return -words.index(verdict) if verdict in words else -len(words)


def write_index(archive: Path, *, whole: bool, now: datetime | None = None) -> Path:
    """Write the index of an archive in one step.

    Args:
        archive: the directory of all runs.
        whole: every file of every run is read again; else those of runs that changed.
        now: aware; the present when None.

    Raises:
        OSError: it cannot be written, or a file of somebody else has its name.
    """
    path = archive / INDEX
    if path.exists() and _MARK.encode() not in path.read_bytes()[:1000]:
        raise FileExistsError(f"{path} is not an index of ours and stays as it is")
    memory = Memory.load(archive, forget=whole)
    runs = runs_of(archive, memory)
    write_private(path, render(runs, now or datetime.now(UTC)))
    memory.save(archive)
    return path


def refresh(archive: Path) -> str:
    """Write the index at the end of a run; why it could not be, or empty: it must not cost the run."""
    try:
        write_index(archive, whole=False)
    except Exception as problem:
        return reason(problem)
    return ""


def refresh_around(bundle: Path) -> str:
    """The same after a decision, where the bundle lies in an archive that has an index."""
    archive = bundle.absolute().parent.parent
    return refresh(archive) if (archive / INDEX).is_file() else ""


def main(words: Sequence[str] | None = None) -> int:
    """Write the index of an archive, every file read; 0, or 1 if that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m reports.archive_index", description=__doc__)
    parser.add_argument("archive", type=Path, metavar="DIR")
    asked = parser.parse_args(words)
    try:
        path = write_index(asked.archive, whole=True)
    except OSError as problem:
        sys.stderr.write(f"ERROR: {for_terminal(str(problem))}\n")
        return 1
    sys.stdout.write(f"{for_terminal(str(path))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
