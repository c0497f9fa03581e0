"""How old the newest backup of everything was on the day of the audit, as a timeline."""

from datetime import timedelta
from typing import Final

from markupsafe import Markup

from reports.picture_backups import Backups, Lane
from reports.picture_data import Known
from reports.svg import counted, label, picture, table, tag
from rules.ages import age_limit

_WIDTH: Final = 960.0
_LEFT: Final = 150.0
_RIGHT: Final = 110.0
_LANE: Final = 74.0
_BINS: Final = 20
_DAY: Final = timedelta(days=1)


def backups_picture(found: Known[Backups]) -> tuple[str, Markup]:
    """The timeline: one sentence, and the picture with its table."""
    if isinstance(found, str):
        return f"Not known: {found}.", Markup()
    text = (
        f"The newest backup of each object, counted back from {found.now:%Y-%m-%d %H:%M} UTC; "
        f"it may be {age_limit(found.limit)} old. Blue is accepted; red is too old or cannot be used."
    )
    step = max(_DAY, _DAY * -(-(found.limit * 2) // (_DAY * _BINS)))
    bins = max(8, min(_BINS, -(-(found.limit * 2) // step)))
    width = (_WIDTH - _LEFT - _RIGHT) / (bins + 1)
    shapes = _axis(found, step, bins, width)
    for number, lane in enumerate(found.lanes):
        shapes += _lane(lane, 20 + number * _LANE, (step, bins, width))
    size = (_WIDTH, 20 + len(found.lanes) * _LANE + 40)
    described = "; ".join(f"{lane.title}: {_words(lane)}" for lane in found.lanes)
    rows = [(lane.title, *_numbers(lane)) for lane in found.lanes]
    heads = (
        "Backups of",
        "Accepted",
        "Too old or not usable",
        "None shown",
        "Not needed",
        "Not verified",
    )
    if not any(lane.ages for lane in found.lanes):
        return (
            f"No backup was shown that could be dated; it may be {age_limit(found.limit)} old.",
            table(heads, rows),
        )
    drawn = picture("backups", "Age of backups", described, size, *shapes)
    return text, Markup("{}{}").format(tag("div", drawn, class_="scroll"), table(heads, rows))


def _numbers(lane: Lane) -> tuple[str, ...]:
    accepted = sum(1 for _, good in lane.ages if good)
    return tuple(
        map(str, (accepted, len(lane.ages) - accepted, lane.none, lane.left_out, lane.unknown))
    )


def _words(lane: Lane) -> str:
    accepted, refused, none, left_out, unknown = _numbers(lane)
    return (
        f"{accepted} accepted, {refused} too old or not usable, {none} with none shown, "
        f"{left_out} not needed, {unknown} not verified"
    )


def _place(age: timedelta, step: timedelta, bins: int) -> int:
    """Which bin an age falls into; the last holds everything older."""
    return max(0, min(bins, int(age / step)))


def _x(place: float, bins: int, width: float) -> float:
    """The left edge of a bin: time runs to the right, and ends with the audit."""
    return _LEFT + (bins - place) * width


def _axis(found: Backups, step: timedelta, bins: int, width: float) -> list[Markup]:
    bottom = 20 + len(found.lanes) * _LANE
    shapes = [tag("path", class_="axis", d=f"M{_LEFT:.1f} {bottom}H{_WIDTH - _RIGHT:.1f}")]
    every = max(1, bins // 7)
    for place in range(0, bins, every):
        days = place * step // _DAY
        text = "audit" if place == 0 else f"-{days} d"
        shapes.append(label(_x(place - 1, bins, width), bottom + 18, text, class_="tick"))
    shapes.append(label(_LEFT + width / 2, bottom + 18, "older", class_="tick"))
    x = _x(min(found.limit / step, bins) - 1, bins, width)
    shapes.append(tag("path", class_="limit-line", d=f"M{x:.1f} 6V{bottom}"))
    shapes.append(label(x, bottom + 34, "limit", class_="tick"))
    return shapes


def _lane(lane: Lane, y: float, grid: tuple[timedelta, int, float]) -> list[Markup]:
    step, bins, width = grid
    bottom = y + _LANE - 10
    counts: dict[tuple[int, bool], int] = {}
    for age, good in lane.ages:
        key = (_place(age, step, bins), good)
        counts[key] = counts.get(key, 0) + 1
    stacks = {
        place: counts.get((place, True), 0) + counts.get((place, False), 0) for place, _ in counts
    }
    highest = max(stacks.values(), default=1)
    shapes = [
        label(_LEFT - 14, bottom - 4, lane.title, 24, class_="row"),
        tag("path", class_="axis", d=f"M{_LEFT:.1f} {bottom:.1f}H{_WIDTH - _RIGHT:.1f}"),
        label(_WIDTH - _RIGHT + 12, bottom - 4, _beside(lane), 24),
    ]
    for place, total in sorted(stacks.items()):
        x, top = _x(place, bins, width), bottom
        for good in (True, False):
            number = counts.get((place, good), 0)
            if number:
                height = max(3.0, (_LANE - 32) * number / highest)
                top -= height
                shapes.append(
                    tag(
                        "rect",
                        class_="k-guests" if good else "k-over",
                        x=x + 2,
                        y=top,
                        width=width - 4,
                        height=height,
                    )
                )
        shapes.append(label(x + width / 2, top - 4, str(total), class_="tick"))
    return shapes


def _beside(lane: Lane) -> str:
    parts = [f"{lane.none} with none"] if lane.none else []
    parts += [f"{lane.unknown} unknown"] if lane.unknown else []
    return ", ".join(parts) or counted(len(lane.ages), "backup")
