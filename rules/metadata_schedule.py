"""Does a scheduled metadata backup count: its VDI carries no time, its cron link and log do."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VDI
from fixtures.probes import CRON_BACKUP, LOG_BACKUP

# A syslog line, with the file's name before it: `/var/log/cron:Nov 23 04:02:01 host ...`.
_SYSLOG: Final = re.compile(r"(?:^|:)([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) ")
# run-parts says that the script has ended; the script itself speaks, under its own tag, only if it
# failed. Source: xapi, scripts/backup-metadata-cron.
_FINISHED: Final = ": finished backup-metadata"
_COMPLAINT: Final = re.compile(r" (?:xe-)?backup-metadata(?:-cron)?(?:\[\d+\])?: ")
_LONGEST_RUN: Final = timedelta(hours=6)
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
# dom0 logs in its local time and names no zone: assume the one that makes the run oldest.
_ZONE: Final = timedelta(hours=14)
_HELP: Final = "make one with xe pool-dump-database and pass it with --database-backup"


def scheduled_backup(
    vdis: Sequence[VDI], dom0: Any, now: datetime, most: timedelta
) -> dict[str, object]:
    """Evidence that the scheduled metadata backup ran lately.

    Args:
        vdis: images marked as metadata backups.
        dom0: the coordinator's dom0.
        now: the clock of the audit.
        most: how old a backup may be.

    Returns:
        The names of VDI and cron link and the time of the last run, as evidence.

    Raises:
        NotVerifiedError: there is no such backup, or nothing shows that it ran lately.
    """
    if not vdis:
        raise NotVerifiedError(f"no database backup was given or found in an SR: {_HELP}")
    links = [line for line in dom0.run(CRON_BACKUP.command).stdout.splitlines() if "->" in line]
    if not links:
        raise NotVerifiedError(
            f"the metadata backup in an SR carries no time and is not scheduled: {_HELP}"
        )
    lines = dom0.run(LOG_BACKUP.command).stdout.splitlines()
    last = _latest((line for line in lines if line.rstrip().endswith(_FINISHED)), now)
    complained = _latest((line for line in lines if _COMPLAINT.search(line)), now)
    if last and complained and complained > last - _LONGEST_RUN:
        raise NotVerifiedError(f"the scheduled metadata backup complained in the log: {_HELP}")
    if last is None or now - last + _ZONE > most:
        raise NotVerifiedError(
            f"no log shows that the scheduled metadata backup ran lately: {_HELP}"
        )
    return {"metadata_backup": [vdi.title for vdi in vdis], "schedule": links, "last_run": last}


def _latest(lines: Iterable[str], now: datetime) -> datetime | None:
    times = (_time(line, now) for line in lines)
    return max((time for time in times if time is not None), default=None)


def _time(line: str, now: datetime) -> datetime | None:
    """When a syslog line was written; it names no year, so the latest that is not in the future."""
    match = _SYSLOG.search(line)
    if match is None or match[1] not in _MONTHS:
        return None
    month = _MONTHS.index(match[1]) + 1
    try:
        moment = now.replace(
            month=month,
            day=int(match[2]),
            hour=int(match[3]),
            minute=int(match[4]),
            second=int(match[5]),
            microsecond=0,
        )
    except ValueError:
        return None
    return moment if moment <= now + timedelta(days=1) else moment.replace(year=moment.year - 1)
