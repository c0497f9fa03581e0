"""Scripts of dom0 that call its interfaces ethN, as releases before XenServer 9 do."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe

_END: Final = "end of the list"
# What grep says of a table that is not there, and of a directory among the scripts.
_NO_TEXT: Final = (": No such file or directory", ": Is a directory")
NAMED_INTERFACES: Final = Probe(
    'grep -l -w "eth[0-9][0-9]*" /etc/crontab /etc/rc.d/rc.local /etc/cron.d/* /etc/cron.daily/* '
    f'/etc/cron.hourly/* /etc/cron.weekly/*; echo "{_END}"',
    deadline=20,
)
"""Files with such a name in them, one a line, then the end of the list."""


def files_naming_interfaces(dom0: Any) -> tuple[str, ...]:
    """The files that name an interface.

    Raises:
        NotVerifiedError: the list has no end, holds what is no path, or a script was not read.
    """
    answer = dom0.run(NAMED_INTERFACES.command)
    for complaint in str(answer.stderr).strip().splitlines():
        if not complaint.startswith("grep: /") or not complaint.endswith(_NO_TEXT):
            raise NotVerifiedError(f"dom0: which scripts name an interface: {complaint[:200]}")
    lines = str(answer.stdout).splitlines()
    if not lines or lines[-1] != _END or not all(re.match(r"/\S", line) for line in lines[:-1]):
        raise NotVerifiedError("dom0: which scripts name an interface was not told in full")
    return tuple(sorted(lines[:-1]))
