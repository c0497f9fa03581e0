"""How the findings of `results.json` are put together for the page: by check, by cause, by fate."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from fixtures.raw import Json
from reports.ledger import JUDGED
from reports.outcome import count_objects, object_of
from reports.text import slug

CARDS: Final = 200
"""Most findings of one check that are shown in full; `ALL_CARDS` is the same of all checks together."""
ALL_CARDS: Final = 600
_LEAST_CARDS: Final = 3
_MINIMUM_PART: Final = 6
_BAR: Final = 1000

SYMBOLS: Final = {
    "pass": "✓",
    "blocked": "✗",
    "warning": "!",
    "waived": "~",
    "not-applicable": "–",
    "not-verified": "?",
    "info": "i",
    "not-reached": "…",
    "deselected": "○",
    "none": "–",
}
WORDS: Final = {word: word.replace("-", " ") for word in SYMBOLS} | {"none": "no objects"}
# The gravest first: what a folded check shows of itself.
WORST: Final = (
    "blocked",
    "not-reached",
    "not-verified",
    "deselected",
    "warning",
    "waived",
    "pass",
    "info",
    "not-applicable",
)


def bar(ledger: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Widths of the bar in thousandths; what exists is never too thin to be seen."""
    sizes = {word: ledger[word] for word in WORST if ledger[word]}
    raw = {
        word: max(_BAR * number / sum(sizes.values()), _MINIMUM_PART)
        for word, number in sizes.items()
    }
    parts = []
    x = 0.0
    for word, width in raw.items():
        scaled = width * _BAR / sum(raw.values())
        parts.append({"word": word, "x": f"{x:.2f}", "width": f"{scaled:.2f}"})
        x += scaled
    return parts


def account(ledger: Mapping[str, Json]) -> str:
    """The sum of the ledger in one line; parts of zero left out."""
    parts = [f"{ledger['judged']} judged"]
    parts += [
        f"{ledger[word]} {WORDS[word]}" for word in WORST if word not in JUDGED and ledger[word]
    ]
    return f"{ledger['planned']} planned = {' + '.join(parts)}"


def groups(
    found: Sequence[Mapping[str, Json]], catalogue: Mapping[str, Mapping[str, Json]]
) -> list[dict[str, Json]]:
    """Findings by check; beyond 200 of one check, or 600 in all, they are only rows of the check."""
    by_check: dict[str, list[Mapping[str, Json]]] = {}
    for one in found:
        by_check.setdefault(one["check"], []).append(one)
    left = ALL_CARDS
    made = []
    for check, group in by_check.items():
        cards = group[: max(_LEAST_CARDS, min(CARDS, left))]
        left -= len(cards)
        about = catalogue.get(check, {})
        made.append(
            {
                "id": check,
                "anchor": _anchor(check),
                "title": about.get("title", ""),
                "why": about.get("why", ""),
                "risk": about.get("risk", ""),
                "cards": cards,
                "number": len(group),
                "more": len(group) - len(cards),
            }
        )
    return made


def causes(unknown: Sequence[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """What is not verified, by cause: what may block first, then the most frequent."""
    by_cause: dict[str, list[Mapping[str, Json]]] = {}
    for one in unknown:
        by_cause.setdefault(one["cause"], []).append(one)
    found = []
    for text, group in by_cause.items():
        checks = sorted({one["check"] for one in group})
        found.append(
            {
                "text": text,
                "forbids": any(one["severity"] == "blocker" for one in group),
                "where": count_objects({object_of(one["object"]) for one in group}),
                "checks": checks[0] if len(checks) == 1 else f"{len(checks)} checks",
                "outcomes": group,
            }
        )
    return sorted(
        found, key=lambda cause: (not cause["forbids"], -len(cause["outcomes"]), cause["text"])
    )


def checks(
    results: Mapping[str, Json], catalogue: Mapping[str, Mapping[str, Json]]
) -> list[dict[str, Json]]:
    """Every check of the ledger with its catalogue text and all of its outcomes."""
    by_check: dict[str, list[Mapping[str, Json]]] = {}
    for one in results["outcomes"]:
        by_check.setdefault(one["check"], []).append(one)
    keys = ("severity", "title", "why", "source", "remedy", "risk", "file")
    unknown = dict.fromkeys(keys, "")
    return [
        {
            **unknown,
            **catalogue.get(row["check"], {}),
            "id": row["check"],
            "anchor": _anchor(row["check"]),
            "worst": next((word for word in WORST if row[word]), "none"),
            "tally": ", ".join(f"{row[word]} {WORDS[word]}" for word in WORST if row[word])
            or f"the pool has no {catalogue.get(row['check'], {}).get('class', 'object')}",
            "outcomes": by_check.get(row["check"], []),
        }
        for row in results["ledger"]["checks"]
    ]


def calls_by_kind(calls: Mapping[str, int]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Calls in up to three tables, told apart by their shape."""
    kinds: dict[str, list[tuple[str, int]]] = {
        "XenAPI methods": [],
        "HTTP requests": [],
        "dom0 commands": [],
    }
    for name, count in sorted(calls.items()):
        if re.fullmatch(r"[A-Za-z_]+\.[A-Za-z_0-9]+", name):
            kind = "XenAPI methods"
        else:
            kind = "HTTP requests" if name.startswith(("GET ", "HEAD ")) else "dom0 commands"
        kinds[kind].append((name, count))
    return [(kind, table) for kind, table in kinds.items() if table]


def _anchor(check: str) -> str:
    return f"check-{slug(check)}"
