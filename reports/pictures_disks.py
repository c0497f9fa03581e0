"""The disk of each host drawn to scale beside the target's layout, and how full its file systems are."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from reports.picture_data import Known
from reports.picture_disks import ROLES, HostLayout, HostUsage, Piece
from reports.svg import (
    GIB,
    counted,
    folded,
    gib,
    label,
    meter,
    name,
    not_known,
    picture,
    table,
    tag,
)

_WIDTH: Final = 960.0
_LEFT: Final = 130.0
_BAR: Final = 30.0
_CHARACTER: Final = 6.6
_WORDS: Final = {"storage": "local storage", "log": "logs", "other": "unknown use"}


def layout_picture(
    hosts: Sequence[tuple[str, Known[HostLayout]]], target: str
) -> tuple[str, Markup]:
    """Disk layouts: one sentence, and one picture for all hosts of one layout."""
    groups: dict[tuple[object, ...], list[tuple[str, HostLayout]]] = {}
    unknown = []
    for host, one in hosts:
        if isinstance(one, str):
            unknown.append((host, one))
        else:
            groups.setdefault(_likeness(one), []).append((host, one))
    known = [one for group in groups.values() for _, one in group]
    end = max((_system_end(one) for one in known), default=GIB) * 1.08
    text = (
        f"Drawn to scale, {counted(len(groups), 'layout')} of {counted(len(known), 'host')}; "
        "what lies beyond the system's partitions is cut off."
        if known
        else "No partition table was read."
    )
    drawn = [
        _group(number, group, end, target) for number, group in enumerate(groups.values(), start=1)
    ]
    return text, Markup().join([*drawn, not_known(unknown)])


def _likeness(one: HostLayout) -> tuple[object, ...]:
    """Equal for hosts that differ in the size of their local storage alone."""
    pieces = tuple(
        (p.role, p.number, p.start, 0 if p.role == "storage" else p.size) for p in one.now
    )
    return one.name, one.plan, pieces


def _system_end(one: HostLayout) -> int:
    system = [p for p in (*one.now, *one.target) if p.role != "storage" and p.size < 64 * GIB]
    return max((p.start + p.size for p in system), default=GIB)


def _group(number: int, group: Sequence[tuple[str, HostLayout]], end: float, target: str) -> Markup:
    one = group[0][1]
    sizes = sorted({layout.size for _, layout in group})
    size = gib(sizes[0]) if len(sizes) == 1 else f"{gib(sizes[0])} to {gib(sizes[-1])}"
    heading = tag(
        "h4",
        Markup(", ").join(name(host) for host, _ in group[:12]),
        f" and {len(group) - 12} more" if len(group) > 12 else " ",
    )
    said = tag("p", f"{size}, {one.name}; {one.plan}.", class_="soft small")
    bars = [("now", one.now)] + ([(target, one.target)] if one.target else [])
    scale = (_WIDTH - _LEFT) / end
    shapes = _axis(end, scale, len(bars))
    for place, (title, pieces) in enumerate(bars):
        y = 8 + place * (_BAR + 14)
        shapes.append(label(_LEFT - 10, y + 20, title, 18, class_="row"))
        shapes += [_piece(piece, y, scale, end) for piece in pieces if piece.start < end]
    described = "; ".join(f"{title}: {_in_words(pieces)}" for title, pieces in bars)
    height = 8 + len(bars) * (_BAR + 14) + 22
    drawn = picture(
        f"layout-{number}", f"Disk of {group[0][0]}", described, (_WIDTH, height), *shapes
    )
    body = Markup("{}{}{}{}").format(
        heading, said, tag("div", drawn, class_="scroll"), _table(one, target)
    )
    return tag("section", body, class_="disk")


def _axis(end: float, scale: float, bars: int) -> list[Markup]:
    y = 8 + bars * (_BAR + 14) - 6
    step = 10 if end > 25 * GIB else 2
    shapes = []
    for mark in range(0, int(end / GIB) + 1, step):
        x = _LEFT + mark * GIB * scale
        shapes.append(tag("path", class_="axis", d=f"M{x:.1f} 4V{y + 4:.1f}"))
        shapes.append(label(x, y + 17, f"{mark} GiB", class_="tick"))
    return shapes


def _piece(piece: Piece, y: float, scale: float, end: float) -> Markup:
    x, stop = _LEFT + piece.start * scale, min(piece.start + piece.size, end)
    width = max(stop * scale + _LEFT - x - 1, 1.5)
    cut = piece.start + piece.size > end
    right = x + width
    edge = f"V{y:.1f}l-5 7.5l5 7.5l-5 7.5l5 7.5" if cut else f"V{y:.1f}V{y + _BAR:.1f}"
    shape = tag("path", d=f"M{x:.1f} {y + _BAR:.1f}V{y:.1f}H{right:.1f}{edge}z")
    word = _WORDS.get(piece.role, piece.role)
    full = f"{word} {gib(piece.size)}"
    texts = [text for text in (full, word) if len(text) * _CHARACTER < width - 8]
    inside = [label(x + 5, y + 19, texts[0])] if texts else []
    return tag("g", tag("title", full), shape, *inside, class_=f"piece k-{piece.role}")


def _in_words(pieces: Sequence[Piece]) -> str:
    return ", ".join(f"{_WORDS.get(p.role, p.role)} {gib(p.size)}" for p in pieces)


def _table(one: HostLayout, target: str) -> Markup:
    rows = []
    for role in ROLES:
        now = [p for p in one.now if p.role == role]
        then = [p for p in one.target if p.role == role]
        if now or then:
            shown = ", ".join(f"{gib(p.size)} (partition {p.number})" for p in now) or "none"
            rows.append(
                (_WORDS.get(role, role), shown, ", ".join(gib(p.size) for p in then) or "none")
            )
    return folded("The same in numbers", table(("Use", "Now", target or "Target"), rows))


def usage_picture(hosts: Sequence[tuple[str, Known[HostUsage]]]) -> tuple[str, Markup]:
    """How full the file systems of each dom0 are: one sentence, and bars beside their numbers."""
    rows: list[tuple[object, ...]] = []
    for host, one in hosts:
        if isinstance(one, str):
            continue
        for number, system in enumerate(one.systems):
            share = system.percent / 100
            kind = "k-over" if share >= 0.9 else "k-guests"
            said = (
                f"{system.percent:.0f} % used, {gib(system.available * 1024)} free of "
                f"{gib(system.total * 1024)}"
            )
            shown = name(host) if number == 0 else ""
            rows.append((shown, tag("code", system.mounted_on), meter([(kind, share)]), said))
    text = "What df says of each dom0." if rows else "No dom0 was read."
    bars = table(("Host", "File system", "Used", "In numbers"), rows, "bars") if rows else Markup()
    return text, bars + not_known((host, one) for host, one in hosts if isinstance(one, str))
