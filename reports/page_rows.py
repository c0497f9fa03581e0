"""The long lists of the page: every check with its objects, every object, what was not verified.

A large run has tens of thousands of outcomes, so these are joined here and not in the template:
objects of which the same is said share a row, and a word stands once above all rows of its kind.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from fixtures.raw import Json
from reports.outcome import OBJECT_CLASSES, without_object
from reports.page_view import SYMBOLS, WORDS, WORST
from reports.text import NAME_LIMIT, TEXT_LIMIT, one_line

# So many characters may the texts of a page take. What passed is cut first, and left out where
# findings need the room; results.json has it all.
_PASSED: Final = 2_400_000
_FOUND: Final = 1_200_000
_ALL: Final = 18_000_000
_LEAST: Final = 30
WHOLE: Final = 240
"""Most characters about what passed; with fewer the page says that it was cut."""
_LEAST_OF_A_FINDING: Final = 300
_SHORT_UUID: Final = 8


@dataclass(frozen=True, slots=True)
class Names:
    """How objects are named in lists: by name, and by uuid as well where a name is not enough.

    Attributes:
        shown: class and uuid -> safe text.
        passed: most characters of what is said about what passed; 0 for nothing.
        rest: the same of everything else.
    """

    shown: Mapping[tuple[str, str], Markup]
    passed: int
    rest: int

    def of(self, object_: Mapping[str, Json]) -> Markup:
        """The name of one object."""
        return self.shown[object_["class"], object_["uuid"]]


def names_of(outcomes: Sequence[Mapping[str, Json]]) -> Names:
    """Name all objects of a run so that no two of a class look alike."""
    objects = {(o["class"], o["uuid"]): one_line(o["name"], NAME_LIMIT) for o in _objects(outcomes)}
    seen = Counter((class_, text) for (class_, _), text in objects.items())
    shown = {}
    for (class_, uuid), text in objects.items():
        short = one_line(uuid[:_SHORT_UUID] if _plain(uuid) else uuid, NAME_LIMIT)
        shown[class_, uuid] = escape(f"{text} ({short})" if seen[class_, text] > 1 else text)
    return Names(shown, *_limits(outcomes))


def _plain(uuid: str) -> bool:
    return uuid.isascii() and len(uuid) == 36


def _limits(outcomes: Sequence[Mapping[str, Json]]) -> tuple[int, int]:
    """How many characters may be said about what passed, and about the rest."""
    number = max(len(outcomes), 1)
    rest = max(_LEAST_OF_A_FINDING, min(TEXT_LIMIT, _ALL // number))
    texts = {(o["check"], o["message"] or o["cause"]) for o in outcomes if o["outcome"] != "pass"}
    found = sum(min(len(text), rest) for _, text in texts)
    passed = min(WHOLE, (_PASSED - max(0, found - _FOUND)) // number)
    return passed if passed >= _LEAST else 0, rest


def _objects(outcomes: Iterable[Mapping[str, Json]]) -> Iterable[Mapping[str, str]]:
    return (one["object"] for one in outcomes)


def rows(outcomes: Sequence[Mapping[str, Json]], names: Names) -> Markup:
    """The outcomes of one check, the gravest first; objects of which the same is said share a row."""
    by_word: dict[str, dict[str, list[Markup]]] = {word: {} for word in WORST}
    for one in outcomes:
        group = by_word[one["outcome"]]
        group.setdefault(_text(one, names), []).append(names.of(one["object"]))
    parts: list[str] = [_HEAD]
    for word, groups in by_word.items():
        if groups:
            number = sum(len(found) for found in groups.values())
            parts.append(_WORD.format(word, SYMBOLS[word], WORDS[word], number))
            parts += [
                f"<tr><td>{_run(found)}</td><td>{escape(text)}</td></tr>\n"
                for text, found in groups.items()
            ]
            parts.append(_END)
    # Joined as text, for a large run has thousands of rows: every part of it is escaped above.
    return Markup("".join([*parts, "</table></div>"]))  # noqa: S704


_HEAD: Final = Markup(
    '<div class="scroll"><table class="rows"><thead><tr><th scope="col">Object</th>'
    '<th scope="col">What was found</th></tr></thead>'
)
_WORD: Final = Markup(
    '<tbody class="{}"><tr><th scope="rowgroup" colspan="2"><span aria-hidden="true">{}</span> {}'
    ' <span class="soft">{}</span></th></tr>'
)
_END: Final = Markup("</tbody>")


def _run(found: Sequence[Markup]) -> str:
    if len(found) == 1:
        return found[0]  # A cell is isolated from its neighbours as it is.
    return ", ".join([f"<bdi>{one}</bdi>" for one in found])


def _text(one: Mapping[str, Json], names: Names) -> str:
    return gist(one, names.passed if one["outcome"] == "pass" else names.rest)


def gist(one: Mapping[str, Json], limit: int = TEXT_LIMIT) -> str:
    """One line about an outcome: the message, else the cause, else the evidence in short."""
    if not limit:
        return ""
    object_ = one["object"]
    text = without_object(one["message"] or one["cause"], object_["class"], object_["name"])
    if not text:
        text = ", ".join(f"{key}: {value}" for key, value in one["evidence"].items())
    return one_line(text, limit)


def objects(outcomes: Sequence[Mapping[str, Json]], names: Names) -> list[tuple[str, int, Markup]]:
    """Every object with its uuid and what became of it: class, how many, the rows of a table."""
    tallies: dict[tuple[str, str], Counter[str]] = {}
    for one in outcomes:
        key = (one["object"]["class"], one["object"]["uuid"])
        tallies.setdefault(key, Counter())[one["outcome"]] += 1
    found: list[tuple[str, int, Markup]] = []
    for class_ in OBJECT_CLASSES:
        keys = sorted(
            (key for key in tallies if key[0] == class_), key=lambda key: names.shown[key]
        )
        lines = [
            f"<tr><td>{names.shown[key]}</td><td><code>{escape(one_line(key[1], NAME_LIMIT))}"
            f"</code></td><td>{escape(_tally(tallies[key]))}</td></tr>\n"
            for key in keys
        ]
        if lines:
            found.append((class_, len(lines), Markup("".join(lines))))  # noqa: S704 - escaped above
    return found


def _tally(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[word]} {WORDS[word]}" for word in WORST if counts[word])


def by_object(outcomes: Sequence[Mapping[str, Json]], names: Names) -> Markup:
    """What shares one cause: objects and their checks, hosts first; like objects share a row."""
    checks: dict[tuple[str, str], list[str]] = {}
    for one in outcomes:
        checks.setdefault((one["object"]["class"], one["object"]["uuid"]), []).append(one["check"])
    alike: dict[tuple[str, tuple[str, ...]], list[Markup]] = {}
    order = {class_: place for place, class_ in enumerate(("host", "pool", "SR", "VM"))}
    for key in sorted(checks, key=lambda key: (order[key[0]], names.shown[key])):
        alike.setdefault((key[0], tuple(checks[key])), []).append(names.shown[key])
    lines = [
        f'<tr><td><span class="kind">{escape(class_)}</span> {_run(found)}</td>'
        f"<td><code>{escape(', '.join(ids))}</code></td></tr>\n"
        for (class_, ids), found in alike.items()
    ]
    return Markup("".join(lines))  # noqa: S704 - escaped above
