"""Makes docs/catalogue.md and docs/catalogue.json from the checks: `python -m reports.catalogue`.

The JSON file is what a run is held to: a check that it names and that is not found is a gap.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from fixtures.catalogue import ROOT, discover
from reports.outcome import OBJECT_CLASSES, CheckInfo

PAGE = ROOT / "docs" / "catalogue.md"
LIST = ROOT / "docs" / "catalogue.json"

_HEAD = """\
# Catalogue of checks

Generated from the checks themselves by `python -m reports.catalogue`; do not edit.

A *blocker* that fails stops the upgrade, a *warning* needs somebody who accepts it. What a check
cannot see it reports as *not verified*, never as a pass.
"""


def contents(checks: list[CheckInfo]) -> dict[Path, str]:
    """Both generated files: path -> text."""
    ordered = sorted(checks, key=lambda info: info.id)
    listed = json.dumps([asdict(info) for info in ordered], indent=1, ensure_ascii=True)
    return {LIST: listed + "\n", PAGE: _page(ordered)}


def _page(checks: list[CheckInfo]) -> str:
    lines = [
        _HEAD,
        "| check | judged on | severity | what must hold |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| [{c.id}](#{c.id.lower()}) | {c.object_class} | {c.severity} | {c.title} |"
        for c in sorted(checks, key=lambda c: (OBJECT_CLASSES.index(c.object_class), c.id))
    ]
    lines += _questions([check for check in checks if check.question])
    for check in checks:
        lines += [
            f"\n## {check.id}\n",
            f"{check.title}\n",
            f"- **Judged on**: every {check.object_class}; **severity**: {check.severity}",
            f"- **Why**: {check.why}",
            f"- **Source**: {check.source}",
            f"- **Remedy**: {check.remedy}",
            f"- **Risk of the remedy**: {check.risk}",
            *([] if check.waivable else ["- **Waiver**: none; what it finds has to be put right"]),
            f"- **Code**: `{check.file}`",
        ]
    return "\n".join(lines) + "\n"


def _questions(asking: list[CheckInfo]) -> list[str]:
    """What only a person can say: the questions of `attestations.toml`."""
    rows = [
        f"| [{c.id}](#{c.id.lower()}) | {c.question} | {', '.join(c.answers)} | {c.answer_days} days |"
        for c in asking
    ]
    return [
        "\n## Questions that a person answers\n",
        "| question | what is asked | answers | holds for at most |",
        "| --- | --- | --- | --- |",
        *rows,
    ]


def main() -> int:
    """Write both files; 1 if a check file could not be imported."""
    found = discover()
    for path, text in contents([check.info for check in found.checks.values()]).items():
        path.write_text(text, encoding="utf-8")
    sys.stdout.write("".join(f"{note}\n" for note in found.notes))
    return 1 if any("imported" in note for note in found.notes) else 0


if __name__ == "__main__":
    sys.exit(main())
