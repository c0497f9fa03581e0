"""What can be wrong with the SSH server of a simulated dom0, and with what it prints."""

from collections.abc import Sequence
from enum import Enum


class SshFault(Enum):
    """One fault of one simulated dom0."""

    REFUSE_LOGIN = "refuse-login"
    CHANGED_KEY = "changed-key"  # the known_hosts line is for another key
    UNKNOWN_KEY = "unknown-key"  # there is no known_hosts line
    BUSY = "busy"  # hangs up on the first two connections, as sshd past MaxStartups
    LOGIN_HANGS = "login-hangs"  # never says whether the login is accepted
    LOGIN_CUT = "login-cut"  # hangs up in the middle of the login
    NO_SESSION = "no-session"  # lets in, and opens no session (MaxSessions 0)
    COMMAND_UNANSWERED = "command-unanswered"  # opens a session, and never begins the command
    NO_SHELL = "no-shell"  # the account's shell only says that it is no shell
    SILENT = "silent"  # lets in, and never says a word
    FLOOD = "flood"  # 4 MB of stderr before the answer
    ENDLESS = "endless"  # stdout without end before the answer
    CHATTY = "chatty"  # a shell that prints before and after the answer
    DRIPS = "drips"  # one byte a second
    STALLS = "stalls"  # half the answer, and then nothing more
    CUT_OFF = "cut-off"  # the connection breaks in the middle of the answer
    ALTERED = "altered"  # half the frames end with another marker
    REPEATED = "repeated"  # half the frames come twice
    MIXED = "mixed"  # half the frames stand in one another
    HOLED = "holed"  # half the frames lack a part


# Frames of the second half are no longer what the script prints.
_SPOILT = (SshFault.ALTERED, SshFault.REPEATED, SshFault.MIXED, SshFault.HOLED)
# Here no batch was whole, so that every answer has a frame of its own to be spoilt or lost.
IN_FRAMES = (*_SPOILT, SshFault.DRIPS, SshFault.STALLS, SshFault.CUT_OFF)


def spoilt(frames: Sequence[bytes], fault: SshFault | None, marker: str) -> list[bytes]:
    """The frames as a host with this fault prints them; their first half is always sound."""
    half = len(frames) // 2
    if fault not in _SPOILT:
        return list(frames)
    sound, rest = list(frames[:half]), list(frames[half:])
    if fault is SshFault.ALTERED:
        other = marker[::-1].encode()
        return sound + [one.rpartition(marker.encode())[0] + other for one in rest]
    if fault is SshFault.REPEATED:
        return sound + [one + one for one in rest]
    if fault is SshFault.HOLED:
        return sound + [one.replace(f"\n{marker} X ".encode(), b"\n") for one in rest]
    mixed: list[bytes] = []
    for at in range(0, len(rest) - 1, 2):
        before, mark, behind = rest[at].partition(f"\n{marker} X ".encode())
        mixed.append(before + rest[at + 1] + mark + behind)
    return sound + mixed
