"""xapi's messages and blobs."""

from datetime import UTC, datetime

import pytest

from fixtures.exceptions import NotVerifiedError
from rules.blobs import BlobFolder, Printed, parse_folder, together

ROOT = "/var/lib/xcp/blobs"
MISSING = "ls: cannot access /var/lib/xcp/blobs/messages/: No such file or directory"
WHEN = datetime(2017, 8, 22, 15, 18, 43, tzinfo=UTC)


def folder(size: str = f"6412\t{ROOT}\n", count: str = "214\n", oldest: str = "1503415123.12345\n",
           complaint: str = "") -> BlobFolder:  # fmt: skip
    return parse_folder(ROOT, Printed(size), Printed(count, complaint), Printed(oldest, complaint))


def test_a_folder() -> None:
    found = folder()
    assert found == BlobFolder(ROOT, 6412, 214, WHEN)
    assert found.words == "214 messages and 6 MiB, the oldest of 2017-08-22"


def test_no_messages() -> None:
    assert folder(count="0\n", oldest="").oldest is None
    assert folder(count="0\n", oldest="").words == "0 messages and 6 MiB"
    assert folder(count="0\n", oldest="", complaint=MISSING).messages == 0


@pytest.mark.parametrize(
    ("size", "count", "oldest", "complaint"),
    [
        ("", "1", "1503415123.1", ""),
        ("lots\t/var", "1", "1503415123.1", ""),
        (f"1\t{ROOT}", "", "", ""),
        (f"1\t{ROOT}", "many", "1503415123.1", ""),
        (f"1\t{ROOT}", "3", "", ""),
        (f"1\t{ROOT}", "0", "1503415123.1", ""),
        (f"1\t{ROOT}", "0", "1503415123.1x", ""),
        (f"1\t{ROOT}", "3", "\u202e99", ""),
        (f"1\t{ROOT}", "3", "1503415123.1", "ls: reading directory: Input/output error"),
        ("9" * 100 + f"\t{ROOT}", "3", "1503415123.1", ""),
    ],
)
def test_rubbish_is_not_verified(size: str, count: str, oldest: str, complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match=ROOT):
        folder(size, count, oldest, complaint)


def test_du_that_complained_did_not_see_everything() -> None:
    with pytest.raises(NotVerifiedError, match="could not be counted"):
        parse_folder(ROOT, Printed(f"1\t{ROOT}", "du: cannot read"), Printed("0"), Printed(""))


def test_two_paths_to_one_folder_count_once() -> None:
    one, same = folder(), BlobFolder("/var/xapi/blobs", 6412, 214, WHEN)
    assert together([one, same]).messages == 214


def test_two_folders_count_together() -> None:
    other = BlobFolder("/var/xapi/blobs", 1000, 6, None)
    found = together([folder(), other])
    assert (found.messages, found.kib, found.oldest) == (220, 7412, WHEN)
    assert found.path == f"{ROOT} and /var/xapi/blobs"


def test_no_folder_is_not_verified() -> None:
    with pytest.raises(NotVerifiedError, match="not found"):
        together([])
