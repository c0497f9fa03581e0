"""Scheduled work that somebody added to dom0."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from rules.disk_reading import printed

CRONTABS: Final = Probe(
    'find /etc/cron.d /var/spool/cron -type f -printf "%p\\n"; echo done', deadline=20
)
"""Names of the files that schedule work."""

_TABLE = re.compile(r"/(?:etc/cron\.d|var/spool/cron)/[^\x00-\x1f]{1,200}")
# Of the base system and of xapi; logrotate.cron.rpmsave is the vendor's own name for a file that
# only the old layout uses.
_OWN = re.compile(
    r"/etc/cron\.d/(?:0hourly|raid-check|sysstat|logrotate\.cron(?:\.rpmsave)?"
    r"|(?:xapi|xcp|xenserver|sm|xs)[\w.-]*)"
)


def added_crontabs(dom0: Any) -> tuple[str, ...]:
    """Paths of the files that schedule work beside the platform's own.

    Raises:
        NotVerifiedError: the folders were not looked through.
    """
    lines = printed(dom0, CRONTABS).splitlines()
    for complaint in dom0.run(CRONTABS.command).stderr.strip().splitlines():
        if not complaint.endswith("No such file or directory"):
            raise NotVerifiedError(f"dom0: scheduled work: {complaint[:200]}")
    if lines[-1:] != ["done"] or not all(_TABLE.fullmatch(line) for line in lines[:-1]):
        raise NotVerifiedError("dom0: the files that schedule work cannot be read")
    return tuple(sorted(line for line in lines[:-1] if not _OWN.fullmatch(line)))
