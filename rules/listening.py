"""TCP ports on which a dom0 listens, as the kernel lists them."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe

LISTENING: Final = Probe('grep -h " 0A " /proc/net/tcp /proc/net/tcp6; echo done')
"""A line for each socket in state LISTEN, then the end."""
TLS_PORT: Final = 443

_MOST: Final = 1000
_SOCKET = re.compile(
    r"\s*[0-9]+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]{8,32}:0000 0A .{20,300}"
)
# 127.0.0.0/8, and ::1 and the former in IPv6, as little-endian words.
_LOOPBACK = re.compile(r"[0-9A-F]{6}7F|0{24}01000000|0{16}(?:FFFF0000|0000FFFF)[0-9A-F]{6}7F")


def listening_ports(dom0: Any) -> frozenset[int]:
    """The ports that other machines can reach.

    Raises:
        NotVerifiedError: the sockets were not listed; a host that could be asked has some.
    """
    answer = dom0.run(LISTENING.command)
    lines = answer.stdout.splitlines()
    for complaint in answer.stderr.strip().splitlines():
        # A kernel without IPv6 has no second table.
        if not complaint.endswith("/proc/net/tcp6: No such file or directory"):
            raise NotVerifiedError(f"dom0: ports: {complaint[:200]}")
    found = [_SOCKET.fullmatch(line) for line in lines[:-1]]
    if answer.rc != 0 or lines[-1:] != ["done"] or not 1 <= len(found) <= _MOST or not all(found):
        raise NotVerifiedError("dom0: the ports on which it listens cannot be read")
    return frozenset(
        int(match[2], 16) for match in found if match and not _LOOPBACK.fullmatch(match[1])
    )
