"""The target, for checks that have something to say without one."""

from collections.abc import Mapping

from fixtures.raw import Json
from fixtures.releases import Release, release
from fixtures.settings import Settings


def chosen_target(settings: Settings, inputs: Mapping[str, Json]) -> Release | None:
    """The release that the pool is to be upgraded to; None if none was stated."""
    if settings.target is None:
        return None
    return release(inputs["releases"], settings.target)
