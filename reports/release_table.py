"""The page of `docs/` that shows all release data, generated: `python -m reports.release_table`."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from fixtures.release_features import FEATURES
from fixtures.release_parts import LAYOUTS
from fixtures.release_sources import parse_sources
from fixtures.releases import Fact, Release, load_releases, release, release_ids
from fixtures.xencenter_clients import parse_clients

ROOT: Final = Path(__file__).resolve().parent.parent
RELEASES: Final = ROOT / "releases"
PAGE: Final = ROOT / "docs" / "releases.md"

_INTRO: Final = """\
# Release data

Generated from `releases/*.toml` by `python -m reports.release_table --write`; edit those files.

Every fact has its source, the day it was last read there, and a confidence. **?** marks a fact that
is *unverified*: a prohibition then only warns, and a permission permits nothing (*not verified*).
"""


def release_page(data: dict[str, dict[str, Any]]) -> str:
    """Return the page.

    Args:
        data: what `load_releases` returned.

    Returns:
        Markdown, the same for the same data.
    """
    targets = [release(data, release_id) for release_id in release_ids(data)]
    sections = (
        _INTRO,
        "## Targets\n\n" + _targets(targets),
        "## Paths\n\nWhat a host may be upgraded to in place. `steps` names the releases on the"
        " way.\n\n" + _paths(data, targets),
        "## Partition layouts\n\nWhat an in-place upgrade does to a layout, without and with the"
        " marker `/var/preserve/safe2upgrade`. A: old DOS. B: old GPT. C: old GPT after an upgrade"
        " to 7.x. D: new. `converted`: root shrunk for a boot partition, local SR intact."
        " `switched`: new layout, local SR on the disk erased.\n\n" + _layouts(targets),
        "## Storage repositories\n\n" + _storage(targets),
        "## Features\n\nWhat becomes of features in use: `removed` means that the upgrade goes on"
        " without them, `refused` that it stops or that something is lost.\n\n"
        + _features(targets),
        "## Hardware known to fail\n\n" + _hardware(targets),
        "## Licence\n\n" + _licence(targets),
        "## XenCenter\n\n" + _clients(data),
        "## Recognising what a host runs\n\n" + _sources(data),
        "## What is not verified\n\n" + _unverified(targets),
    )
    return "\n".join(section.rstrip() + "\n" for section in sections)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page, or write it with `--write`.

    Args:
        arguments: of the command line; those of the process if None.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description="Show all release data as one page.")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} in docs/")
    page = release_page(load_releases(RELEASES))
    if parser.parse_args(arguments).write:
        PAGE.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)
    return 0


def _targets(targets: Iterable[Release]) -> str:
    rows = [
        (
            f"`{t.id}`",
            _cell(t.platform_version),
            _cell(t.schema_minor),
            _cell(t.lowest_platform),
            _cell(t.xencenter_minimum) if t.xencenter_minimum else "not managed",
            _cell(t.disk.new_layout_gib),
            _cell(t.disk.old_layout_gib) if t.disk.old_layout_gib else "refused",
            _cell(t.certificate_bits),
            _cell(t.dom0_memory),
        )
        for t in targets
    ]
    return _table(
        (
            "target",
            "platform",
            "schema 5.",
            "lowest source platform",
            "XenCenter from",
            "disk, new layout (GiB)",
            "disk, old layout (GiB)",
            "key bits",
            "dom0 memory",
        ),
        rows,
    )


def _paths(data: dict[str, dict[str, Any]], targets: Sequence[Release]) -> str:
    rows = []
    for known in parse_sources(data["sources"]):
        cells = []
        for target in targets:
            path = target.path_from(known.release)
            way = f": {', '.join(path.steps)}" if path.kind == "steps" else ""
            cells.append(f"{path.kind}{_mark(path.fact)}{way}")
        rows.append((known.release.name, *cells))
    return _table(("from", *(f"`{target.id}`" for target in targets)), rows)


def _layouts(targets: Iterable[Release]) -> str:
    rows = []
    for target in targets:
        cells = []
        for layout in LAYOUTS:
            rule = target.layouts[layout]
            cells.append(f"{_cell(rule.keep)} / {_cell(rule.switch)}")
        automatic = _cell(target.automatic_mode_sets_marker)
        rows.append((f"`{target.id}`", *cells, automatic))
    return _table(("target", *LAYOUTS, "automatic mode may set the marker"), rows)


def _storage(targets: Iterable[Release]) -> str:
    rows = [
        (f"`{target.id}`", ", ".join(rule.types), _cell(rule.fact), rule.fact.source)
        for target in targets
        for rule in target.storage
    ]
    return _table(("target", "types", "state", "source"), rows)


def _licence(targets: Iterable[Release]) -> str:
    rows = [
        (
            f"`{target.id}`",
            _cell(target.rolling_licence),
            _cell(target.rolling_editions),
            _cell(target.void_editions),
        )
        for target in targets
    ]
    return _table(("target", "rolling upgrade wizard", "editions", "editions void"), rows)


def _features(targets: Iterable[Release]) -> str:
    rows = [
        (
            f"`{target.id}`",
            ", ".join(FEATURES[name] for name in rule.names),
            _cell(rule.fact),
            rule.says,
            rule.fact.source,
        )
        for target in targets
        for rule in target.features
    ]
    return _table(("target", "features", "state", "consequence", "source"), rows)


def _hardware(targets: Iterable[Release]) -> str:
    rows = [
        (
            f"`{target.id}`",
            ", ".join((*rule.pci, *rule.products)),
            f"below {rule.bios_below}" if rule.bios_below else "any",
            _cell(rule.fact),
            rule.fact.source,
        )
        for target in targets
        for rule in target.hardware
    ]
    return _table(("target", "PCI id or product", "BIOS", "what happens", "source"), rows)


def _clients(data: dict[str, dict[str, Any]]) -> str:
    rows = [
        (
            f"{first} to below {below}",
            f"{_cell(client.api)} ({client.api_ordinal})",
            _cell(client.oldest_platform),
            client.oldest_platform.source,
        )
        for first, below, client in parse_clients(data["xencenter"])
    ]
    return _table(("XenCenter", "API version (ordinal)", "oldest platform", "source"), rows)


def _sources(data: dict[str, dict[str, Any]]) -> str:
    rows = [
        (
            f"`{known.release.id}`",
            f"{known.product[0]} to below {known.product[1]}",
            f"{known.platform[0]} to below {known.platform[1]}" if known.platform else "not stated",
            str(known.release.schema_minor),
            known.release.xencenter_api + _mark(known.release.fact),
            _cell(known.release.support_ends) if known.release.support_ends else "not known",
        )
        for known in parse_sources(data["sources"])
    ]
    head = ("release", "product", "platform", "schema 5.", "XenCenter API", "supported until")
    return _table(head, rows)


def _unverified(targets: Iterable[Release]) -> str:
    rows = [
        (f"`{target.id}`", name, str(fact.value), fact.source)
        for target in targets
        for name, fact in _facts(target)
        if not fact.is_verified
    ]
    return _table(("target", "fact", "value", "source"), rows)


def _facts(target: Release) -> Iterator[tuple[str, Fact[Any]]]:
    for owner in (target, target.disk):
        for name in owner.__slots__:
            value = getattr(owner, name)
            if isinstance(value, Fact):
                yield name, value
    for rule in target.paths:
        yield f"{rule.kind} from {', '.join(rule.sources)}", rule.fact
    for storage in target.storage:
        yield f"SR types {', '.join(storage.types)}", storage.fact


def _cell(fact: Fact[Any]) -> str:
    value = fact.value
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, tuple):
        text = ", ".join(value) or "none"
    else:
        text = str(value)
    return text + _mark(fact)


def _mark(fact: Fact[Any]) -> str:
    return "" if fact.is_verified else " **?**"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


if __name__ == "__main__":
    sys.exit(main())
