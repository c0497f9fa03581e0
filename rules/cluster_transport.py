"""How the cluster software of a host speaks to its peers."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import file
from rules.disk_reading import printed

COROSYNC: Final = "/etc/corosync/corosync.conf"
COROSYNC_CONF: Final = file(COROSYNC)
OLD_TRANSPORTS: Final = ("udp", "udpu")
"""Of corosync 2; corosync 3 has `knet`."""

_TRANSPORT: Final = re.compile(r"^[ \t]*transport:[ \t]*(\w+)[ \t]*$", re.MULTILINE)


def transport(dom0: Any) -> str:
    """The transport of the host's cluster; empty if the host has none.

    Raises:
        NotVerifiedError: the configuration cannot be read, or names no transport that is known.
    """
    dom0.run(COROSYNC_CONF.command)
    if not dom0.file(COROSYNC).exists:
        return ""
    found = set(_TRANSPORT.findall(printed(dom0, COROSYNC_CONF)))
    if len(found) != 1 or not found <= {*OLD_TRANSPORTS, "knet"}:
        named = ", ".join(sorted(found)) or "none"
        raise NotVerifiedError(f"{COROSYNC} names another transport than is known: {named}")
    return str(found.pop())
