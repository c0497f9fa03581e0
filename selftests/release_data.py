"""The shipped release data, and small makers of what the tests about them need."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fixtures.release_sources import SourceRelease, named_release, parse_sources
from fixtures.releases import load_releases

RELEASES = Path(__file__).resolve().parent.parent / "releases"
DATA = load_releases(RELEASES)
SOURCES = DATA["sources"]
CLIENTS = DATA["xencenter"]
ALL_SOURCES = [known.release for known in parse_sources(SOURCES)]
GIB = 2**30


def host(brand: str, product: str, platform: str = "", **more: str) -> dict[str, str]:
    version = {"product_brand": brand, "product_version": product, **more}
    return {**version, "platform_version": platform} if platform else version


def source(release_id: str) -> SourceRelease:
    return named_release(release_id, SOURCES)


def damage(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    data = copy.deepcopy(DATA["xenserver-7.2"])
    change(data)
    return data
