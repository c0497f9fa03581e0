"""What a coordinator that must be installed again needs: the build that the database backup is of."""

from collections.abc import Mapping
from typing import Any, Final

from fixtures.database_backup import BUILD_KEYS
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host

# Every release states these two.
_STATED: Final = ("product_version", "build_number")


def build_of(versions: Mapping[str, str], whose: str) -> dict[str, str]:
    """What names a build, of a host's `software_version`.

    Raises:
        NotVerifiedError: version or build number are not stated.
    """
    for key in _STATED:
        if not versions.get(key):
            raise NotVerifiedError(f"{whose} does not state its {key}")
    return {key: versions[key] for key in BUILD_KEYS if versions.get(key)}


def in_words(build: Mapping[str, str]) -> str:
    """A build as a person asks for its media: `7.2.0, build 140, schema 5.120`."""
    words = f"{build['product_version']}, build {build['build_number']}"
    more = {"xapi_build": "xapi", "db_schema": "schema", "date": "of"}
    return ", ".join(
        [words, *(f"{word} {build[key]}" for key, word in more.items() if key in build)]
    )


def taken_under_another_build(
    backup: Mapping[str, Any] | None, coordinator: Host
) -> tuple[str, ...]:
    """How the build under which a database backup was taken differs from the one that runs.

    Args:
        backup: what `inspect_database_backup` returned; None without a file, where the schedule on
            the coordinator saves anew under whatever it runs.
        coordinator: as it is now.

    Raises:
        NotVerifiedError: one of the two is not known.
    """
    if backup is None:
        return ()
    if not backup["readable"]:
        raise NotVerifiedError(f"of which build the backup is: {backup['why']}")
    runs = build_of(coordinator.software_version, f"host {coordinator.title}")
    ran = build_of(backup.get("ran") or {}, "the database backup")
    return tuple(
        f"{key} {ran.get(key, 'not stated')} instead of {runs.get(key, 'not stated')}"
        for key in BUILD_KEYS
        if ran.get(key) != runs.get(key)
    )
