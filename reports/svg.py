"""Pieces of inline SVG and HTML: every text in them is escaped, and none carries a style of its own."""

from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

from reports.text import one_line

LABEL: Final = 60
METER: Final = 1000
GIB: Final = 2**30


def tag(name: str, *inside: object, **attributes: object) -> Markup:
    """One element; `class_` stands for class, `a_b` for a-b; children that are no markup are text."""
    shown = Markup().join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _shown(value))
        for key, value in attributes.items()
    )
    if not inside:
        return Markup("<{}{}/>").format(name, shown)
    children = Markup().join(_shown(child) for child in inside)
    return Markup("<{}{}>{}</{}>").format(name, shown, children, name)


def _shown(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    if isinstance(value, float):
        return Markup(f"{value:.1f}".removesuffix(".0"))  # noqa: S704 - digits
    return escape(one_line(str(value)))


def picture(
    anchor: str, title: str, description: str, size: tuple[float, float], *shapes: Markup
) -> Markup:
    """A picture with its name and its description for those who do not see it.

    Args:
        anchor: an id that is unique in the page.
        title: what it shows.
        description: what there is to see, in one or two sentences.
        size: width and height in units; it is scaled to the page.
        shapes: what is drawn.
    """
    return tag(
        "svg",
        tag("title", title, id=f"{anchor}-title"),
        tag("desc", description, id=f"{anchor}-desc"),
        *shapes,
        class_="picture",
        viewBox=f"0 0 {size[0]:.0f} {size[1]:.0f}",
        role="img",
        aria_labelledby=f"{anchor}-title {anchor}-desc",
    )


def label(x: float, y: float, text: str, limit: int = LABEL, **attributes: object) -> Markup:
    """Text in a picture, cut to `limit` characters."""
    return tag("text", one_line(text, limit), x=x, y=y, **attributes)


def meter(parts: Iterable[tuple[str, float]], mark: float | None = None) -> Markup:
    """A bar for a table; what it shows stands beside it as text.

    Args:
        parts: class and share of each part, shares of one.
        mark: where a limit lies, a share of one.
    """
    shapes = []
    x = 0.0
    for kind, share in parts:
        width = min(max(share, 0.0) * METER, METER - x)
        if width > 0:
            shapes.append(tag("rect", class_=kind, x=x, y=0, width=max(width, 2.0), height=10))
        x += width
    if mark is not None and 0 <= mark <= 1:
        shapes.append(tag("rect", class_="limit", x=mark * METER - 3, y=0, width=6, height=10))
    return tag(
        "svg",
        tag("rect", class_="track", x=0, y=0, width=METER, height=10),
        *shapes,
        class_="meter",
        viewBox=f"0 0 {METER} 10",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[object]], class_: str = "") -> Markup:
    """A table; the first cell of each row is its heading."""
    head = Markup().join(tag("th", text or " ", scope="col") for text in heads)
    body = Markup().join(
        tag("tr", *(tag("td", cell if cell != "" else " ") for cell in row)) for row in rows
    )
    shown = tag("table", tag("thead", tag("tr", head)), tag("tbody", body or " "), class_=class_)
    return tag("div", shown, class_="scroll")


def folded(title: str, inside: Markup) -> Markup:
    """What is shown only to those who ask for it."""
    return tag("details", tag("summary", title), inside)


def gib(size: float) -> str:
    """Bytes in GiB, for people."""
    return f"{size / GIB:.1f} GiB" if size < 100 * GIB else f"{size / GIB:.0f} GiB"


def name(text: str) -> Markup:
    """A name that cannot turn the direction of what stands beside it."""
    return tag("bdi", one_line(text, LABEL))


def not_known(found: Iterable[tuple[str, str]]) -> Markup:
    """What is not known of which hosts: one line per cause.

    Args:
        found: name of a host, and why.
    """
    by_cause: dict[str, list[Markup]] = {}
    for host, cause in found:
        by_cause.setdefault(cause, []).append(name(host))
    lines = (
        tag("p", "Not known of ", Markup(", ").join(hosts), f": {cause}", class_="soft small")
        for cause, hosts in by_cause.items()
    )
    return Markup().join(lines)


def counted(number: int, word: str) -> str:
    """`1 host`, `2 hosts`."""
    return f"{number} {word}{'' if number == 1 else 's'}"
