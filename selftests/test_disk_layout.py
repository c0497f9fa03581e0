"""Partition tables, and the layouts recognised from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.exceptions import NotVerifiedError
from rules.disk_layout import (
    Witness,
    backup_partition,
    inventory_witness,
    is_on_disk,
    mounts_witness,
    parse_inventory,
    recognise,
    root_size_witness,
    table_letter,
    table_witness,
)
from rules.partition_table import GIB, MIB, Partition, PartitionTable, parse_table

SGDISK_NEW = """Disk /dev/sda: 585105408 sectors, 279.0 GiB
Sector size (logical): 512 bytes
Disk identifier (GUID): C187A1FD-9AF6-4FF5-B911-3B542E19B1FB
Partition table holds up to 128 entries
First usable sector is 34, last usable sector is 585105374
Partitions will be aligned on 2048-sector boundaries
Total free space is 2014 sectors (1007.0 KiB)

Number  Start (sector)    End (sector)  Size       Code  Name
   1        46139392        83888127   18.0 GiB    0700
   2         8390656        46139391   18.0 GiB    0700
   3        87033856       585105374   237.5 GiB   8E00
   4        83888128        84936703   512.0 MiB   EF00
   5            2048         8390655   4.0 GiB     0700
   6        84936704        87033855   1024.0 MiB  8200
"""
PARTED_NEW = """BYT;
/dev/sda:299573968896B:scsi:512:512:gpt:DELL PERC H730 Mini:;
5:1048576B:4296015871B:4294967296B:ext3::msftdata;
2:4296015872B:23623368703B:19327352832B:ext3::msftdata;
1:23623368704B:42950721535B:19327352832B:ext3::msftdata;
4:42950721536B:43487592447B:536870912B:fat16::boot;
6:43487592448B:44561334271B:1073741824B:linux-swap(v1)::;
3:44561334272B:299573951999B:255012617728B:::lvm;
"""
PARTED_DOS = """BYT;
/dev/sda:299573968896B:scsi:512:512:msdos:DELL PERC H700:;
1:32256B:4301821439B:4301789184B:ext3::boot;
2:4301821440B:8603642879B:4301821440B:::;
3:8603642880B:299572922879B:290969280000B:::lvm;
"""
BANNER = """
***************************************************************
Found invalid GPT and valid MBR; converting MBR to GPT format
in memory.
***************************************************************

"""
SGDISK_DOS = (
    BANNER
    + """Disk /dev/sda: 585105408 sectors, 279.0 GiB
Logical sector size: 512 bytes
Disk identifier (GUID): C187A1FD-9AF6-4FF5-B911-3B542E19B1FB
Partition table holds up to 128 entries

Number  Start (sector)    End (sector)  Size       Code  Name
   1              63         8401994   4.0 GiB     8300  Linux filesystem
   2         8401995        16803989   4.0 GiB     8300  Linux filesystem
   3        16803990       585105374   271.0 GiB   8E00  Linux LVM
"""
)


def table(*sizes: tuple[int, int], kind: str = "gpt", disk: int = 279 * GIB) -> PartitionTable:
    """A table of partitions (number, MiB) one after the other."""
    start, found = MIB, []
    for number, mib in sizes:
        found.append(Partition(number, start, mib * MIB))
        start += mib * MIB
    return PartitionTable("/dev/sda", kind, disk, tuple(found))  # type: ignore[arg-type]


OLD_GPT = table((1, 4096), (2, 4096), (3, 200_000))
CONVERTED = table((4, 512), (1, 3584), (2, 4096), (3, 200_000))


class TestTables:
    def test_both_tools_say_the_same(self) -> None:
        by_sgdisk, by_parted = parse_table(SGDISK_NEW), parse_table(PARTED_NEW)
        assert by_sgdisk.size == by_parted.size == 299_573_968_896
        assert [p.number for p in by_sgdisk.partitions] == [5, 2, 1, 4, 6, 3]
        assert by_sgdisk.partitions == by_parted.partitions
        assert (by_sgdisk.kind, by_parted.kind) == ("gpt", "gpt")

    def test_a_dos_table_stays_one_when_sgdisk_converts_it_in_memory(self) -> None:
        assert parse_table(SGDISK_DOS).kind == parse_table(PARTED_DOS).kind == "msdos"

    def test_sectors_of_4096_bytes(self) -> None:
        text = SGDISK_NEW.replace("(logical): 512", "(logical/physical): 4096/4096")
        assert parse_table(text).size == 299_573_968_896 * 8

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "BYT;",
            "BYT;\n/dev/sda:1B:scsi:512:512:loop:X:;\n",
            SGDISK_NEW[:300],
            SGDISK_NEW + "and some more\n",
            SGDISK_NEW.replace("Disk /dev/sda: 585105408", "Disk /dev/sda: 1000"),
            SGDISK_NEW.replace("   2         8390656", "   1         8390656"),
            PARTED_NEW.replace("2:4296015872B", "2:-1B"),
            PARTED_NEW + "Error: the backup GPT table is corrupt\n",
            SGDISK_NEW.replace("   1        46139392        83888127", "   1        9        1"),
            "x\n" * 100_000,
            "Problem opening /dev/sda for reading! Error is 2.\n",
            "\x00\u202e<img src=x>\n" + SGDISK_NEW.split("\n", 1)[1],
        ],
    )
    def test_what_is_no_table_is_not_verified(self, text: str) -> None:
        with pytest.raises(NotVerifiedError):
            parse_table(text)

    @given(st.text(), st.integers(0, len(SGDISK_NEW)))
    def test_never_another_error(self, rubbish: str, at: int) -> None:
        for whole in (SGDISK_NEW, PARTED_NEW):
            try:
                parse_table(whole[:at] + rubbish + whole[at:])
            except NotVerifiedError:
                continue


class TestLetters:
    @pytest.mark.parametrize(
        ("found", "letter"),
        [
            (parse_table(SGDISK_NEW), "D"),
            (parse_table(SGDISK_DOS), "A"),
            (parse_table(PARTED_DOS), "A"),
            (OLD_GPT, "B"),
            (CONVERTED, "C"),
            (table((1, 32), (6, 4096), (3, 18432), (2, 18432), (5, 512), (7, 1024)), "D"),
            (table((5, 4096), (2, 18432), (1, 18432), (3, 512), (6, 1024)), "D"),
            (table((1, 64), (2, 4096), (3, 4096), (4, 99_000), kind="msdos"), "A"),
            (table((1, 18432), (2, 18432), (3, 99_000)), None),
            (table((1, 18432), (2, 18432), (5, 4096), kind="msdos"), None),
            (table((1, 100_000)), None),
            (table((1, 2048), (2, 2048)), None),
        ],
    )
    def test_by_sizes(self, found: PartitionTable, letter: str | None) -> None:
        assert table_letter(found) == letter


class TestRecognition:
    new = (
        inventory_witness({"PARTITION_LAYOUT": "ROOT,BACKUP,LOG,BOOT,SWAP,SR"}),
        mounts_witness(root=True, log=True),
        root_size_witness(18_451_044),
        table_witness(parse_table(SGDISK_NEW)),
    )

    def test_all_four_signs(self) -> None:
        found = recognise(self.new, parse_table(SGDISK_NEW))
        assert (found.generation, found.letters, found.name) == ("new", ("D",), "new (D)")
        assert len(found.witnesses) == 4

    def test_two_signs_are_enough(self) -> None:
        assert recognise(self.new[1:3], None).letters == ("D",)

    def test_without_a_table_an_old_layout_may_be_any_of_three(self) -> None:
        signs = (mounts_witness(root=True, log=False), root_size_witness(4_128_448))
        assert recognise(signs, None).letters == ("A", "B", "C")
        assert recognise(signs, CONVERTED).letters == ("C",)

    def test_one_sign_is_not_verified_and_says_what_else_was_tried(self) -> None:
        with pytest.raises(NotVerifiedError, match=r"two signs.*mounts: new.*sgdisk is not there"):
            recognise(self.new[1:2], None, ["sgdisk is not there"])

    def test_none_is_not_verified(self) -> None:
        with pytest.raises(NotVerifiedError, match="there is none"):
            recognise((None, None), None)

    def test_a_log_disk_mounted_by_hand_on_an_old_layout_is_a_contradiction(self) -> None:
        signs = (mounts_witness(root=True, log=True), root_size_witness(4_128_448))
        with pytest.raises(NotVerifiedError, match="disagree"):
            recognise(signs, OLD_GPT)

    def test_signs_that_say_nothing(self) -> None:
        assert inventory_witness({}) is None
        assert inventory_witness({"PARTITION_LAYOUT": "LOG"}) is None
        assert mounts_witness(root=False, log=True) is None
        assert root_size_witness(10 * 1024 * 1024) is None
        assert root_size_witness(3_530_000) == Witness("size of /", "old", "/ has 3447 MiB")


class TestInventory:
    def test_values(self) -> None:
        text = "PRIMARY_DISK='/dev/sda'\nINSTALLATION_UUID='1'\nX=unquoted\nY='it's'\n"
        assert parse_inventory(text) == {"PRIMARY_DISK": "/dev/sda", "INSTALLATION_UUID": "1"}

    @pytest.mark.parametrize("text", ["", "<html>", "INSTALLATION_UUID=\n", "\x00" * 9])
    def test_rubbish(self, text: str) -> None:
        with pytest.raises(NotVerifiedError):
            parse_inventory(text)

    @pytest.mark.parametrize("named", ["", "/dev/sda", "/dev/sda9", "/dev/sda4", "sda2x"])
    def test_backup_partition_not_told(self, named: str) -> None:
        with pytest.raises(NotVerifiedError, match="backup partition"):
            backup_partition(CONVERTED, {"BACKUP_PARTITION": named})

    def test_backup_partition(self) -> None:
        named = {"BACKUP_PARTITION": "/dev/disk/by-id/scsi-3600508b1001c-part2"}
        assert backup_partition(CONVERTED, named).size == 4096 * MIB


@pytest.mark.parametrize(
    ("device", "answer"),
    [
        ("/dev/sda3", True),
        ("/dev/disk/by-id/scsi-3600-part3", True),
        ("/dev/sdb1", False),
        ("/dev/sdaa1", False),
        ("/dev/disk/by-id/wwn-0x5-part3", None),
        ("/dev/disk/by-id/scsi-36001-part3", None),
        ("garbage\n", None),
    ],
)
def test_on_which_disk_an_sr_is(device: str, answer: bool | None) -> None:
    assert is_on_disk(device, "/dev/disk/by-id/scsi-3600", "/dev/sda") is answer
