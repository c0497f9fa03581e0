import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.text import (
    cells,
    for_terminal,
    for_xml,
    object_id,
    one_line,
    reason,
    run_on,
    slug,
    whole,
    wrap,
)

# Hypothesis leaves half surrogates out by itself; a peer does not.
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-01", "web-01"),
        ("日本語 ü", "日本語 ü"),
        ("two\nlines\r\tend", "two\\nlines\\r\\tend"),
        ("nul\x00 esc\x1b[31m", "nul\\x00 esc\\x1b[31m"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("zero\u200bwidth \ufeff", "zero\\u200bwidth \\ufeff"),
        ("line\u2028para\u2029", "line\\u2028para\\u2029"),
        ("blank \u3164 filler", "blank \\u3164 filler"),
        ("half \ud83d", "half \\ud83d"),
        ("tag \U000e0041", "tag \\U000e0041"),
    ],
)
def test_one_line_shows_the_invisible(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_lines_run_on_in_a_sentence() -> None:
    assert run_on(" cat: no\r\nsuch\x1b[2J\u2028file\n") == "cat: no such\\x1b[2J file"
    assert len(run_on("a" * 9000)) == 300


def test_an_error_has_a_reason() -> None:
    assert reason(OSError(2, "No such\nfile")) == "No such file"
    assert reason(ValueError("bad \x07 value")) == "bad \\x07 value"
    assert reason(EOFError()) == "EOFError"


def test_one_line_caps() -> None:
    assert one_line("a" * 300, 10) == "a" * 9 + "…"
    assert one_line("a" * 10, 10) == "a" * 10
    assert len(one_line("\x00" * 300, 50)) == 50
    assert one_line("a" * 9000, None) == "a" * 9000


def test_marks_do_not_pile_up() -> None:
    assert one_line("e" + "\u0301" * 6) == "e" + "\u0301" * 4 + "\\u0301\\u0301"


@given(ANY_TEXT)
def test_one_line_is_printable_and_encodes(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    shown.encode()


@given(ANY_TEXT, st.sampled_from(["utf-8", "ascii", "latin-1", "cp1252"]))
def test_for_terminal_encodes_anywhere(text: str, encoding: str) -> None:
    shown = for_terminal(text, 200, encoding)
    shown.encode(encoding)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", shown)


@given(ANY_TEXT)
def test_for_xml_parses(text: str) -> None:
    element = ET.Element("a", {"b": for_xml(text)})
    element.text = for_xml(text)
    parsed = ET.fromstring(ET.tostring(element, encoding="utf-8"))
    assert (parsed.text or "") == for_xml(text)


def test_for_xml_keeps_lines_and_caps() -> None:
    assert for_xml("a\n\tb\rc\x00\ufffe") == "a\n\tb\\rc\\x00\\ufffe"
    assert len(for_xml("a" * 9000)) == 4096
    assert len(for_xml("a" * 9000, None)) == 9000


@given(ANY_TEXT)
def test_whole_encodes(text: str) -> None:
    whole(text).encode()


@given(ANY_TEXT, ANY_TEXT)
def test_ids_are_safe(name: str, uuid: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", slug(name))
    assert len(slug(name)) <= 40
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*-[A-Za-z0-9]{1,8}", object_id(name, uuid))


def test_object_id() -> None:
    uuid = "2b7c9e1f-1111-2222-3333-444444444444"
    assert object_id("web-01", uuid) == "web-01-2b7c9e1f"
    assert object_id('"><img src=x>', uuid) == "img-src-x-2b7c9e1f"
    assert object_id("日本語", uuid) == "unnamed-2b7c9e1f"
    assert object_id("../../etc/passwd", uuid) == "etc-passwd-2b7c9e1f"
    assert object_id("Büro", "") == "Buro-e3b0c442"


def test_cells() -> None:
    assert cells("abc") == 3
    assert cells("日本") == 4
    assert cells("e\u0301") == 1


@given(ANY_TEXT, st.integers(20, 60))
def test_wrap_fits_and_loses_nothing(text: str, width: int) -> None:
    shown = one_line(text)
    lines = wrap(shown, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")


def test_wrap_says_what_it_cut() -> None:
    assert wrap("word " * 30, 20, 2)[1].endswith("…")
    assert wrap("", 20) == [""]
