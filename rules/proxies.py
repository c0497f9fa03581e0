"""Proxies that somebody set by hand for the package manager of dom0."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from rules.disk_reading import printed

PROXIES: Final = Probe(
    'grep -c -e "^ *proxy *[=:]" /etc/yum.conf /etc/yum.repos.d/*.repo; echo done', cap=262_144
)
"""How often each file sets one; not what it says, since that may hold a password."""

_COUNT = re.compile(r"(/etc/yum(?:\.conf|\.repos\.d/[^/:\x00-\x1f]{1,200}\.repo)):([0-9]{1,6})")


def proxied_files(dom0: Any) -> tuple[str, ...]:
    """The files that set a proxy.

    Raises:
        NotVerifiedError: the files were not read, or the answer is not understood.
    """
    lines = printed(dom0, PROXIES).splitlines()
    for complaint in dom0.run(PROXIES.command).stderr.strip().splitlines():
        if not complaint.endswith("/*.repo: No such file or directory"):
            raise NotVerifiedError(f"dom0: the settings of yum: {complaint[:200]}")
    found = [_COUNT.fullmatch(line) for line in lines[:-1]]
    counts = {one[1]: int(one[2]) for one in found if one}
    if lines[-1:] != ["done"] or not all(found) or "/etc/yum.conf" not in counts:
        raise NotVerifiedError("dom0: the settings of yum cannot be read")
    return tuple(sorted(name for name, count in counts.items() if count))
