"""Which pools one XenCenter must reach during an upgrade, and whether it does."""

from collections.abc import Iterator, Mapping

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Pool
from fixtures.raw import Json
from fixtures.releases import (
    Fact,
    Release,
    SourceRelease,
    XenCenterClient,
    compare_versions,
    named_release,
)
from fixtures.settings import Settings


def conditions(
    client: XenCenterClient,
    target: Release,
    source: SourceRelease,
    pool: Pool,
    settings: Settings,
    releases: Mapping[str, Json],
) -> Iterator[tuple[str, Fact[bool]]]:
    """What has to hold for one XenCenter, each with the sentence to print if it does not.

    Raises:
        NotVerifiedError: an API version is not in our table, or the pool does not state its own.
        UsageProblemError: a release named by `--also-manages` does not exist.
    """
    yield (
        f"too old for {target.name} (XenCenter API {target.xencenter_api.value})",
        _both(client.reaches(target.xencenter_api.value), target.xencenter_api),
    )
    minimum = target.xencenter_minimum
    if minimum is not None:
        fits = compare_versions(client.version, minimum.value) >= 0
        yield f"{target.name} asks for XenCenter {minimum.value}", minimum.with_value(fits)
    stated = pool.coordinator.software_version.get("xencenter_min")
    if not stated:
        raise NotVerifiedError("the pool does not state which XenCenter API it asks for")
    yield f"the pool itself asks for XenCenter API {stated}", client.reaches(stated)
    yield f"does not connect to a pool of {source.name}", client.accepts(source)
    for name in settings.also_manages:
        other = named_release(name, releases["sources"])
        yield f"does not connect to a pool of {other.name}", client.accepts(other)


def _both(answer: Fact[bool], basis: Fact[str]) -> Fact[bool]:
    """An answer is no surer than the requirement that it answers."""
    return answer if basis.is_verified else basis.with_value(answer.value)
