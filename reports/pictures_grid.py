"""Grids with one column per host: the checks of hosts, and the hotfixes that not all of them have."""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from reports.page_view import SYMBOLS, WORDS
from reports.picture_data import Known, Matrix
from reports.picture_hotfixes import Hotfixes
from reports.svg import counted, folded, label, name, picture, table, tag

_WIDTH: Final = 960.0
_LABELS: Final = 162.0
_GAP: Final = 26.0
_CELL: Final = 17.0
_PER_LETTER: Final = 5.4
_MOST_PANELS: Final = 4
_HOST_NAME: Final = 16
_NEEDING: Final = ("blocked", "not-verified", "not-reached", "deselected", "warning", "waived")


def matrix_picture(matrix: Matrix) -> tuple[str, Markup]:
    """Hosts x checks: one sentence, and the picture with its table of words."""
    if not matrix.cells:
        return "No check of hosts was planned in this run.", Markup()
    told = [check for check in matrix.checks if _is_told(matrix, check)]
    text = f"{counted(len(matrix.hosts), 'host')} and {counted(len(told), 'check')} of hosts."
    if left := len(matrix.checks) - len(told):
        text += f" {left} more apply to none of them."
    hosts = [shown for _, shown in matrix.hosts]
    words = [
        [matrix.cells.get((check, uuid), "none") for uuid, _ in matrix.hosts] for check in told
    ]
    rows = [
        (
            name(shown),
            *(_checks(matrix, uuid, word) for word in ("blocked", "not-verified", "warning")),
            _rest(matrix, uuid),
        )
        for uuid, shown in matrix.hosts
    ]
    heads = ("Host", "Blocked", "Not verified", "Warning", "Other")
    words_too = folded("The same in words", table(heads, rows))
    drawn = _grid("matrix", "Hosts and checks", text, hosts, told, words)
    return text, Markup("{}{}").format(drawn, words_too)


def _is_told(matrix: Matrix, check: str) -> bool:
    words = {matrix.cells.get((check, uuid), "none") for uuid, _ in matrix.hosts}
    return not words <= {"none", "not-applicable"}


def _checks(matrix: Matrix, uuid: str, word: str) -> str:
    found = [check for check in matrix.checks if matrix.cells.get((check, uuid)) == word]
    return ", ".join(found) or "–"


def _rest(matrix: Matrix, uuid: str) -> str:
    tally: dict[str, int] = {}
    for check in matrix.checks:
        word = matrix.cells.get((check, uuid), "none")
        if word not in ("blocked", "not-verified", "warning", "none"):
            tally[word] = tally.get(word, 0) + 1
    return ", ".join(f"{number} {WORDS[word]}" for word, number in tally.items())


def hotfix_picture(found: Known[Hotfixes]) -> tuple[str, Markup]:
    """Hotfixes that differ: one sentence, and the picture with its table of words."""
    if isinstance(found, str):
        return f"Not known: {found}.", Markup()
    parts = []
    if found.hosts:
        parts.append(_in_a_sentence(found))
    parts += [f"Not known of {host}: {cause}." for host, cause in found.unknown]
    drawn = Markup()
    if found.different:
        labels = [shown for shown, _ in found.different]
        words = [["pass" if has else "blocked" for has in row] for _, row in found.different]
        lacking = [
            (shown, ", ".join(h for h, has in zip(found.hosts, row, strict=True) if not has))
            for shown, row in found.different
        ]
        drawn = _grid(
            "hotfixes",
            "Hotfixes that not all hosts have",
            "; ".join(f"{shown} is missing on {hosts}" for shown, hosts in lacking),
            found.hosts,
            labels,
            words,
            {"pass": "✓", "blocked": "✗"},
        )
        drawn += folded("The same in words", table(("Hotfix or pack", "Missing on"), lacking))
    return " ".join(parts), drawn + _packages(found)


def _in_a_sentence(found: Hotfixes) -> str:
    hosts = counted(len(found.hosts), "host")
    if not found.common and not found.different:
        return f"The XenAPI lists no hotfix, update or pack on {hosts}."
    some = f"{len(found.different)} on some of them only" if found.different else "no difference"
    number = counted(found.common, "hotfix").replace("fixs", "fixes")
    return f"By the XenAPI {number} or packs on all of {hosts}, {some}."


def _packages(found: Hotfixes) -> Markup:
    if not found.packages:
        return Markup()
    if all(not (lacks or extra or why) for _, lacks, extra, why in found.packages):
        return tag("p", "Every member has exactly the coordinator's packages.", class_="soft small")
    rows = [
        (name(host), "not known: " + why if why else f"lacks {lacks}, has {extra} more")
        for host, lacks, extra, why in found.packages
    ]
    return folded("Packages, against the coordinator's", table(("Host", "Packages"), rows))


def _grid(
    anchor: str,
    title: str,
    description: str,
    hosts: Sequence[str],
    rows: Sequence[str],
    words: Sequence[Sequence[str]],
    symbols: Mapping[str, str] = SYMBOLS,
) -> Markup:
    """Rows with a cell per host, in as many panels as fit beside each other."""
    cell = max(7.0, min(_CELL, (_WIDTH - _LABELS - 40) / max(len(hosts), 1)))
    panel = _LABELS + cell * len(hosts) + _GAP
    panels = max(1, min(_MOST_PANELS, int(_WIDTH // panel), -(-len(rows) // 6)))
    deep = -(-len(rows) // panels)
    top = 16 + _PER_LETTER * min(_HOST_NAME, max(map(len, hosts), default=0))
    shapes: list[Markup] = []
    for number in range(panels):
        part = slice(number * deep, (number + 1) * deep)
        x = number * (_WIDTH / panels)
        shapes += _heads(x + _LABELS, top, hosts, cell)
        for place, (text, row) in enumerate(zip(rows[part], words[part], strict=True)):
            y = top + place * cell
            shapes.append(label(x + _LABELS - 8, y + cell * 0.72, text, 24, class_="row"))
            shapes += _cells(x + _LABELS, y, cell, row, symbols)
    size = (max(_WIDTH, panel), top + deep * cell + 4)
    return tag("div", picture(anchor, title, description, size, *shapes), class_="scroll")


def _heads(x: float, top: float, hosts: Sequence[str], cell: float) -> list[Markup]:
    heads = []
    for number, host in enumerate(hosts):
        place = f"translate({x + (number + 0.7) * cell:.1f} {top - 6:.1f}) rotate(-60)"
        inside = tag("title", host)
        text = label(0, 0, host, _HOST_NAME, class_="column", transform=place)
        heads.append(tag("g", inside, text) if len(host) > _HOST_NAME else text)
    return heads


def _cells(
    x: float, y: float, cell: float, row: Sequence[str], symbols: Mapping[str, str]
) -> list[Markup]:
    """The cells of one row, those of one word together: at scale this is what a page is made of."""
    side = cell - 2
    shapes = []
    for word in dict.fromkeys(row):
        if word == "none":
            continue
        places = [x + number * cell for number, other in enumerate(row) if other == word]
        squares = "".join(
            f"M{place:.1f} {y:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z" for place in places
        )
        marks = " ".join(f"{place + side / 2:.1f}" for place in places)
        small = {} if cell > 12 else {"font_size": round(cell * 0.75, 1)}
        loud = " loud" if word in _NEEDING else ""
        shapes.append(
            tag(
                "g",
                tag("path", d=squares),
                tag("text", symbols[word] * len(places), x=marks, y=y + cell * 0.68, **small),
                class_=f"cell {word}{loud}",
            )
        )
    return shapes


def key() -> Markup:
    """What the cells mean."""
    words = ("pass", "blocked", "warning", "waived", "not-verified", "not-applicable", "info")
    return tag(
        "p",
        *(tag("span", SYMBOLS[w], " ", WORDS[w], class_=f"chip {w}") for w in words),
        class_="key",
    )
