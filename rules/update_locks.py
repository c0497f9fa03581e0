"""Locks that package updates leave behind in dom0."""

from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from rules.disk_reading import printed

_FILES: Final = ("/var/run/yum.pid", "/var/lib/xcp-ng-xapi-plugins/updater.py.lock")
LOCKS: Final = Probe(
    f'for f in {" ".join(_FILES)}; do test -s "$f" && echo "$f"; done; echo done', deadline=20
)
"""The locks that hold something; the one of XCP-ng's updater stays, empty, when nothing runs."""


def held_locks(dom0: Any) -> tuple[str, ...]:
    """Paths of the locks that are held, or were left behind.

    Raises:
        NotVerifiedError: dom0's answer is not one.
    """
    lines = printed(dom0, LOCKS).splitlines()
    if lines[-1:] != ["done"] or not set(lines[:-1]) <= set(_FILES):
        raise NotVerifiedError("dom0: the locks of package updates cannot be read")
    return tuple(lines[:-1])
