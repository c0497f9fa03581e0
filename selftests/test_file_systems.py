"""Space as df prints it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.exceptions import NotVerifiedError
from rules.file_systems import Usage, log_space, mounted_on, parse_df, root_findings
from rules.partition_table import MIB

NEW = """Filesystem     1024-blocks    Used Available Capacity Mounted on
/dev/sda1         18451044 2411264  15079460      14% /
/dev/sda5          4054752  103444   3725620       3% /var/log
/dev/sda1         18451044 2411264  15079460      14% /
"""
OLD = """Filesystem         1024-blocks      Used Available Capacity Mounted on
/dev/sda1              4128448   2027872   1890864      52% /
/dev/sda1              4128448   2027872   1890864      52% /
"""


def usage(total: int, used: int, available: int) -> Usage:
    return Usage("/dev/sda1", total, used, available, "/")


def test_rows() -> None:
    rows = parse_df(NEW)
    assert rows[1] == Usage("/dev/sda5", 4054752, 103444, 3725620, "/var/log")
    assert mounted_on(rows, "/").used == 2411264
    assert round(rows[0].percent) == 14


def test_a_full_file_system() -> None:
    row = parse_df("Filesystem x\n/dev/sda1 100 100 -5 105% /\n")[0]
    assert row.percent > 100
    assert usage(100, 100, -100).percent == 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Filesystem\n",
        "df: /: Input/output error",
        NEW[:110],
        NEW + "df: cannot read\n",
        NEW.replace("Filesystem", "Dateisystem"),
        "Filesystem\n/dev/mapper/very-long-name\n   18451044 2411264  15079460      14% /\n",
        "Filesystem\n" + "x" * 100_000,
    ],
)
def test_no_table_is_not_verified(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        parse_df(text)


@given(st.text(), st.integers(0, len(NEW)))
def test_never_another_error(rubbish: str, at: int) -> None:
    try:
        rows = parse_df(NEW[:at] + rubbish + NEW[at:])
    except NotVerifiedError:
        return
    assert all(row.mounted_on.startswith("/") for row in rows)


def test_logs_of_their_own_or_of_the_root() -> None:
    assert log_space(parse_df(NEW), own=True).source == "/dev/sda5"
    assert log_space(parse_df(OLD), own=False).mounted_on == "/"


@pytest.mark.parametrize(("text", "own"), [(NEW, False), (OLD, True)])
def test_df_and_mounts_that_disagree(text: str, own: bool) -> None:
    with pytest.raises(NotVerifiedError, match="/var/log"):
        log_space(parse_df(text), own=own)


@pytest.mark.parametrize("row", [usage(0, 0, 0), usage(10, 11, 0)])
def test_sizes_that_make_no_sense(row: Usage) -> None:
    with pytest.raises(NotVerifiedError, match="no sense"):
        mounted_on([row], "/")


class TestRoot:
    inodes = usage(1000, 10, 990)

    def judged(self, root: Usage, inodes: Usage, backup_mib: int = 18432) -> tuple[str, ...]:
        return root_findings(root, inodes, backup_mib * MIB, least_free_mib=2048, inodes_percent=90)

    def test_room(self) -> None:
        assert self.judged(usage(18_451_044, 2_411_264, 15_079_460), self.inodes) == ()

    def test_too_much_for_the_backup_partition(self) -> None:
        found = self.judged(usage(18_451_044, 4_100_000, 13_000_000), self.inodes, 4096)
        assert found == ("4003 MiB used do not fit the backup partition (3973 MiB)",)

    def test_free_just_enough(self) -> None:
        assert self.judged(usage(9_999_999, 0, 2048 * 1024), self.inodes) == ()
        found = self.judged(usage(9_999_999, 0, 2048 * 1024 - 1), self.inodes)
        assert found == ("2047 MiB free instead of 2048",)

    def test_inodes(self) -> None:
        root = usage(18_451_044, 2_411_264, 15_079_460)
        assert self.judged(root, usage(1000, 899, 101)) == ()
        found = self.judged(root, usage(1000, 900, 100))
        assert found == ("90 % of the inodes used instead of below 90 %",)
