"""Do the clocks of the hosts agree, with each other and with ours, and do they follow a source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import CHRONY, NTP
from fixtures.times import moment
from rules.confidence import Objection

XAPI_LIMIT: Final = 300
"""Seconds by which xapi lets the clocks of two members differ. Source: xapi, xapi_globs.ml."""

SYNCHRONISED: Final = ("Normal", "Insert second", "Delete second")
NOT_FOUND: Final = 127
_LEAP = re.compile(r"^Leap status\s+: (.+?)\s*$", re.MULTILINE)
_REFERENCE = re.compile(r"^Reference ID\s+: ([0-9A-F]{8}) \(.*\)\s*$", re.MULTILINE)
_OWN_CLOCK: Final = "7F7F0101"
_NO_CHRONYD: Final = "chronyd does not run"
_NO_NTPD: Final = "ntpd does not run"
_PEER = re.compile(
    r"([ x.\-+#*o])(\S+)\s+(\S+)\s+\d+\s+\S\s+\S+\s+\d+[mhd]?\s+[0-7]+(\s+\S+){3}\s*"
)


@dataclass(frozen=True, slots=True)
class Clock:
    """By how many seconds a clock is ahead of ours: at least and at most, negative if behind."""

    least: float
    most: float

    @property
    def surely(self) -> float:
        """By how many seconds it surely differs from ours; the XenAPI has no fractions."""
        return max(self.least - 1, -self.most - 1, 0)

    @property
    def perhaps(self) -> float:
        """By how many seconds it may differ from ours."""
        return max(abs(self.least), abs(self.most))

    def apart(self, other: "Clock") -> float:
        """By how many seconds it surely differs from another."""
        return max(self.least - other.most - 1, other.least - self.most - 1, 0)


def clock_of(host: Host) -> Clock:
    """What xapi said the time is, against our clock before and after.

    Raises:
        NotVerifiedError: it was not asked or did not answer with a time.
    """
    said = host.facts.answer("host.get_servertime", host.ref)
    try:
        if not isinstance(said, Mapping):
            raise TypeError("no answer with our own times")
        server, asked, answered = (moment(said[key]) for key in ("server", "asked", "answered"))
    except (KeyError, TypeError, ValueError) as problem:
        raise NotVerifiedError(f"host {host.title}: its time cannot be read") from problem
    if answered < asked:
        raise NotVerifiedError(f"host {host.title}: our own clock went back while it was asked")
    return Clock((server - answered).total_seconds(), (server - asked).total_seconds())


def clock_objections(host: Host, limit: int) -> tuple[Objection, ...]:
    """What is wrong with the clock of a host.

    Two hosts that differ are told of the one that is further from our clock.

    Raises:
        NotVerifiedError: a clock is not known, or the answer was too slow to tell.
    """
    own = clock_of(host)
    found: list[Objection] = []
    for other in host.facts.hosts:
        theirs = clock_of(other)
        apart = own.apart(theirs)
        if other.ref != host.ref and apart > limit and own.surely >= theirs.surely:
            light = "" if apart > XAPI_LIMIT else "xapi tolerates up to 300 s between members"
            found.append(Objection(f"{apart:.0f} s apart from {other.title}", light))
    if own.surely > limit:
        light = "ours may be the one that is wrong"
        found.append(Objection(f"{own.surely:.0f} s apart from the clock of this audit", light))
    if not found and own.perhaps > limit + 1:
        raise NotVerifiedError(f"host {host.title}: its answer took too long to compare clocks")
    return tuple(found)


def time_source_objection(dom0: Any) -> str:
    """What is wrong with the source of time of a dom0; empty if it follows one.

    Raises:
        NotVerifiedError: neither chrony nor ntpd says.
    """
    answer, asleep = dom0.run(CHRONY.command), ""
    if answer.rc != NOT_FOUND:
        asleep = _chrony(answer.rc, str(answer.stdout), str(answer.stderr))
        if asleep != _NO_CHRONYD:
            return asleep
    # Its program may be there while ntpd does the work.
    answer = dom0.run(NTP.command)
    if answer.rc != NOT_FOUND:
        found = _ntp(answer.rc, str(answer.stdout), str(answer.stderr))
        return asleep if asleep and found == _NO_NTPD else found
    if asleep:
        return asleep
    raise NotVerifiedError("dom0 has neither chronyc nor ntpq: its source of time is not known")


def _chrony(status: int, said: str, complaint: str) -> str:
    if status != 0 and "506 Cannot talk to daemon" in said + complaint:
        return _NO_CHRONYD
    leap, reference = _LEAP.findall(said), _REFERENCE.findall(said)
    if status != 0 or len(leap) != 1 or len(reference) != 1:
        raise NotVerifiedError("what chronyc says of its source of time cannot be read")
    if reference[0] == _OWN_CLOCK:
        return "chrony follows the clock of the machine itself"
    if leap[0] in SYNCHRONISED and int(reference[0], 16):
        return ""
    return "chrony follows no source of time"


def _ntp(status: int, said: str, complaint: str) -> str:
    if "Connection refused" in complaint:
        return _NO_NTPD
    if "No association ID's returned" in said + complaint:
        return "ntpd has no source of time"
    lines = said.splitlines()
    headed = len(lines) > 2 and lines[0].split()[:2] == ["remote", "refid"]
    peers = [_PEER.fullmatch(line) for line in lines[2:]]
    if status != 0 or not headed or not all(peers):
        raise NotVerifiedError("what ntpq says of its sources of time cannot be read")
    followed = [peer for peer in peers if peer and peer[1] in "*o"]
    if any(not peer[2].startswith("127.127.1.") for peer in followed):
        return ""
    own = "the clock of the machine itself" if followed else "no source of time"
    return f"ntpd follows {own}"
