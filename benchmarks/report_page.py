"""What the page of a large run costs: bytes, seconds to make, seconds to show; see README.md."""

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from fixtures.raw import Json
from reports import page_rows
from reports.page import render
from reports.page_rows import Names
from reports.pictures import pictures
from selftests.browser import CHROMIUM, Browser, browser
from selftests.large_run import picture_data, quiet_vm, run
from selftests.sample_run import CALLS, SETTINGS, Sample

ROUNDS = 5
# Chromium's own search, by the one door that a page has to it; what is folded is searched as well.
_FOUND = "window.find(NAME)"


@dataclass(frozen=True)
class Shown:
    """One way of showing a run: its name, its page, seconds it took to make."""

    name: str
    page: bytes
    seconds: float


def main(folder: Path | None) -> None:
    """Measure and print; keep the pages and pictures of them in a folder if one is named."""
    begun = time.monotonic()
    sample = run()
    counted = len(sample.outcomes)
    print(f"{counted} outcomes, made up in {time.monotonic() - begun:.1f} s")
    ways = [
        _made("folded per check", lambda: _page(sample)),
        _made("names alone", lambda: _names_alone(sample)),
        _made("with a script", lambda: _scripted(sample)),
    ]
    for way in ways:
        print(f"{way.name:17} {len(way.page) / 1e6:5.2f} MB, made in {way.seconds:5.2f} s")
    if CHROMIUM is None:
        print("no Chromium on this machine: nothing was shown")
        return
    with tempfile.TemporaryDirectory() as made:
        place = folder or Path(made)
        with browser(Path(made) / "profile") as seen:
            for way in ways:
                _show(seen, way, place, quiet_vm(sample))


def _made(name: str, make: Callable[[], bytes]) -> Shown:
    begun = time.monotonic()
    page = make()
    return Shown(name, page, time.monotonic() - begun)


def _page(sample: Sample) -> bytes:
    drawn = pictures(picture_data(sample), "rolling")
    return render(sample.results, sample.verdict, settings=SETTINGS, calls=CALLS, pictures=drawn)


def _names_alone(sample: Sample) -> bytes:
    """The same page without a word about what passed."""
    text, page_rows._text = page_rows._text, _silent  # noqa: SLF001 - the alternative to measure
    try:
        return _page(sample)
    finally:
        page_rows._text = text  # noqa: SLF001


def _silent(one: Mapping[str, Json], names: Names) -> str:
    return "" if one["outcome"] == "pass" else page_rows.gist(one, names.rest)


def _scripted(sample: Sample) -> bytes:
    """The objects of all checks as data, unfolded by a script when somebody opens a check."""
    page = _page(sample).decode()
    data: dict[str, list[list[str]]] = {}
    for one in sample.results["outcomes"]:
        line = [one["outcome"][0], one["object"]["name"], page_rows.gist(one, 240)]
        data.setdefault(one["check"], []).append(line)
    page = re.sub(
        r'<div class="scroll"><table class="rows">.*?</table></div>', "", page, flags=re.DOTALL
    )
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    script = f"<script>const data = {json.dumps(data).replace('<', '')};</script>"
    return page.replace("</body>", f"{script}</body>").encode()


def _show(seen: Browser, way: Shown, place: Path, wanted: str) -> None:
    path = place / f"{way.name.replace(' ', '-')}.html"
    path.write_bytes(way.page)
    paints, loads = [], []
    for _ in range(ROUNDS):
        seen.open(path)
        seen.value("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
        paints.append(seen.value(_PAINT) / 1000)
        loads.append(seen.value(_LOADED) / 1000)
    found = seen.value(_FOUND.replace("NAME", json.dumps(wanted)))
    print(
        f"{way.name:17} first paint {_seconds(paints)}, loaded {_seconds(loads)}, "
        f"{seen.value(_ELEMENTS)} elements, {'finds' if found else 'DOES NOT FIND'} {wanted}"
    )


_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_ELEMENTS = "document.getElementsByTagName('*').length"
_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def _seconds(found: Sequence[float]) -> str:
    return f"{median(found):.2f} s (most {max(found):.2f})"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
