"""Reading `allowed_signers` as OpenSSH does, and refusing what it would not understand."""

import datetime as dt
from pathlib import Path

import pytest

from reports.allowed_signers import AllowedSigner, SignersFileError, load_allowed_signers

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBpbnhVT4XcnFhqZ5ktY9G3Rx5WU1Zc5Y1rTg7mVfX8i"
SPACE = "pool-upgrade-signoff@poolproof"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def one(tmp_path: Path, line: str) -> AllowedSigner:
    path = tmp_path / "allowed"
    path.write_text(f"# people\n\n{line}\n", encoding="utf-8")
    (signer,) = load_allowed_signers(path)
    return signer


@pytest.mark.parametrize(
    ("line", "name", "refusal"),
    [
        (f"alice {KEY} laptop", "alice", ""),
        (f'"alice" {KEY}', "alice", ""),
        (f"alice,bob {KEY}", "bob", ""),
        (f"*@example.org {KEY}", "bob@example.org", ""),
        (f"*@example.org {KEY}", "bob@example.com", "belongs to"),
        (f"*,!bob {KEY}", "bob", "belongs to"),
        (f"a[bc] {KEY}", "ab", "belongs to"),
        (f"alice {KEY}", "Alice", "belongs to"),
        (f'alice namespaces="git,{SPACE}" {KEY}', "alice", ""),
        (f'alice namespaces="pool-*" {KEY}', "alice", ""),
        (f'alice namespaces="git" {KEY}', "alice", "may not sign for"),
        (f'alice valid-after="20261123Z",valid-before="20261124Z" {KEY}', "alice", ""),
        (f'alice valid-after="20261123120001Z" {KEY}', "alice", "valid only after"),
        (f'alice valid-before="202611231200Z" {KEY}', "alice", "valid only before"),
        (f'alice VALID-BEFORE="202611231201Z" {KEY}', "alice", ""),
    ],
)
def test_who_may_sign(tmp_path: Path, line: str, name: str, refusal: str) -> None:
    found = one(tmp_path, line).refusal(name, SPACE, NOW)
    assert refusal in found
    assert bool(found) == bool(refusal)


def test_times_without_a_zone_are_local(tmp_path: Path) -> None:
    signer = one(tmp_path, f'alice valid-after="20261123" {KEY}')
    assert signer.valid_after == dt.datetime(2026, 11, 23).astimezone(dt.UTC)


def test_authorities_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "allowed"
    path.write_text(f"* cert-authority {KEY}\n")
    assert load_allowed_signers(path) == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("alice", "made of names"),
        ("alice ssh-ed25519", "made of names"),
        ("alice ssh-ed25519 %%%", "line 1"),
        (f"alice {KEY.replace('ssh-ed25519', 'ssh-rsa')}", "not of the type"),
        (f"alice no-touch {KEY}", "no option is called no-touch"),
        (f'alice valid-before="tomorrow" {KEY}', "not a time"),
        (f'alice valid-before="20261340" {KEY}', "line 1"),
        (f"alice valid-before {KEY}", "not written as it should be"),
        (f'alice namespaces="a",namespaces="b" {KEY}', "not written as it should be"),
        (f'alice ="a" {KEY}', "cannot be read"),
    ],
)
def test_a_line_that_is_not_understood_spoils_the_file(
    tmp_path: Path, line: str, problem: str
) -> None:
    path = tmp_path / "allowed"
    path.write_text(f"{line}\n")
    with pytest.raises(SignersFileError, match=problem):
        load_allowed_signers(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SignersFileError, match="cannot be read"):
        load_allowed_signers(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SignersFileError, match="UTF-8"):
        load_allowed_signers(tmp_path / "binary")
    (tmp_path / "large").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(SignersFileError, match="more than"):
        load_allowed_signers(tmp_path / "large")
