"""How much xapi keeps in its folder of messages and blobs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from fixtures.exceptions import NotVerifiedError

_DU = re.compile(r"([0-9]{1,15})\s+(/[^\x00-\x1f]*)")
_STAMP = re.compile(r"([0-9]{1,11})(?:\.[0-9]{1,12})?")
_GONE = "No such file or directory"


@dataclass(frozen=True, slots=True)
class BlobFolder:
    """One folder of blobs.

    Attributes:
        path: where.
        kib: everything in it.
        messages: number of stored messages.
        oldest: time of the oldest message; None when there is none.
    """

    path: str
    kib: int
    messages: int
    oldest: datetime | None

    @property
    def words(self) -> str:
        """Count, size and age in one phrase."""
        size = f"{self.messages} messages and {self.kib >> 10} MiB"
        return f"{size}, the oldest of {self.oldest:%Y-%m-%d}" if self.oldest else size


@dataclass(frozen=True, slots=True)
class Printed:
    """What one command printed."""

    stdout: str
    stderr: str = ""


def parse_folder(path: str, size: Printed, messages: Printed, oldest: Printed) -> BlobFolder:
    """Read the answers about one folder.

    Args:
        path: the folder.
        size: `du -sk`.
        messages: number of the files below `messages/` that are named by a time.
        oldest: the smallest of these names: seconds since 1970.

    Raises:
        NotVerifiedError: an answer is not a number, or the command complained. A folder of messages
            that does not exist holds none.
    """
    for printed in (size, messages, oldest):
        complaint = printed.stderr.strip()
        if complaint and (printed is size or _GONE not in complaint):
            first = complaint.splitlines()[0][:200]
            raise NotVerifiedError(f"{path} could not be counted: {first}")
    du = _DU.fullmatch(size.stdout.strip())
    if du is None:
        raise NotVerifiedError(f"the size of {path} cannot be read")
    count = messages.stdout.strip()
    if not re.fullmatch(r"[0-9]{1,9}", count):
        raise NotVerifiedError(f"the number of messages in {path} cannot be read")
    name = oldest.stdout.strip()
    stamp = _STAMP.fullmatch(name)
    if (stamp is None) != (int(count) == 0) or (stamp is None and name):
        raise NotVerifiedError(f"the oldest message in {path} cannot be read")
    moment = datetime.fromtimestamp(int(stamp[1]), UTC) if stamp else None
    return BlobFolder(path, int(du[1]), int(count), moment)


def together(folders: Iterable[BlobFolder]) -> BlobFolder:
    """All folders of a host as one.

    Both generations' paths may lead to one folder; it is counted once.

    Raises:
        NotVerifiedError: there is none.
    """
    seen: dict[tuple[int, int, datetime | None], BlobFolder] = {}
    for folder in folders:
        seen.setdefault((folder.kib, folder.messages, folder.oldest), folder)
    found = tuple(seen.values())
    if not found:
        raise NotVerifiedError("xapi's folder of messages and blobs was not found in dom0")
    return BlobFolder(
        path=" and ".join(folder.path for folder in found),
        kib=sum(folder.kib for folder in found),
        messages=sum(folder.messages for folder in found),
        oldest=min((folder.oldest for folder in found if folder.oldest), default=None),
    )
