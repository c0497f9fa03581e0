"""Reading `allowed_signers` as OpenSSH does, and refusing what it would not understand."""

import datetime as dt
import shutil
import subprocess
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
        (f'alice namespaces="git", {KEY}', "cannot be read"),
        (f'alice namespaces="a\\b" {KEY}', "made of names"),
        (f'alice valid-after="2026112312" {KEY}', "not a time"),
        (f'*,"!alice" {KEY}', "made of names"),
        (f'alice" {KEY}', "made of names"),
        (f'"alice {KEY}', "made of names"),
        (f'alice "{KEY}', "made of names"),
        (f"alice\u00a0{KEY}", "made of names"),
        (f"bob {KEY} \x0balice {KEY}", "control character"),
        (f"{'x' * 1001} {KEY}", "more than 1000 bytes"),
        (f"alice {KEY}=", "line 1"),
        (f"\ralice {KEY}", "control character"),
        (f'alice valid-after="19691231" {KEY}', "before 1970"),
    ],
)
def test_a_line_that_is_not_understood_spoils_the_file(
    tmp_path: Path, line: str, problem: str
) -> None:
    path = tmp_path / "allowed"
    path.write_bytes(f"{line}\n".encode())
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


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\u0085"])
def test_only_a_line_feed_ends_a_line(tmp_path: Path, end: str) -> None:
    """The comment behind a key is its owner's text, and must not become a line of its own."""
    path = tmp_path / "allowed"
    for before in (f"bob {KEY} laptop", "# the people of bob"):
        path.write_text(f"{before}{end}root {KEY}\n", encoding="utf-8")
        assert all(one.principals == ("bob",) for one in load_allowed_signers(path))


LINES = (
    "alice KEY",
    "  \talice\tKEY a comment",
    "alice KEY\r",
    '"alice" KEY',
    '"*,!alice" KEY',
    '*,"!alice" KEY',
    '"alice"bob KEY',
    'alice" KEY',
    '"alice KEY',
    'alice "KEY',
    "# people \x0balice KEY",
    "# people\ralice KEY",
    "# people\u2028alice KEY",
    "alice\u00a0KEY",
    "ali?e KEY",
    "ali??e KEY",
    "a*,!*e KEY",
    "!bob KEY",
    "alice,, KEY",
    f"alice,{'x' * 1100} KEY",
    'alice namespaces="SPACE",valid-after="20200101" KEY',
    'alice namespaces="SPACE", KEY',
    'alice namespaces="!SPACE,*" KEY',
    'alice namespaces=" SPACE" KEY',
    'alice namespaces="" KEY',
    "alice namespaces=SPACE KEY",
    'alice namespaces="pool\\-upgrade-signoff@poolproof" KEY',
    'alice Namespaces="SPACE" KEY',
    'alice valid-after="2020010112" KEY',
    'alice valid-before="20200101" KEY',
    "alice no-touch-required KEY",
    "alice cert-authority KEY",
    "alice KEY=",
    "alice ssh-ed25519 KEY",
    "garbage\nalice KEY",
)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing")
def test_nobody_is_let_in_whom_openssh_keeps_out(tmp_path: Path) -> None:
    def run(*words: str) -> int:
        command = ["ssh-keygen", "-q", *words]
        done = subprocess.run(command, cwd=tmp_path, input=b"yes", capture_output=True, check=False)
        (tmp_path / "signature").write_bytes(done.stdout)
        return done.returncode

    assert run("-N", "", "-t", "ed25519", "-f", "key") == 0
    assert run("-Y", "sign", "-n", SPACE, "-f", "key") == 0
    shutil.copy(tmp_path / "signature", tmp_path / "sig")
    public = " ".join((tmp_path / "key.pub").read_text().split()[:2])
    both = 0
    for line in LINES:
        text = line.replace("KEY", public).replace("SPACE", SPACE)
        (tmp_path / "allowed").write_bytes(text.encode() + b"\n")
        try:
            found = load_allowed_signers(tmp_path / "allowed")
        except SignersFileError:
            continue
        moment = dt.datetime.now(dt.UTC)
        if any(not one.refusal("alice", SPACE, moment) for one in found):
            both += 1
            assert (
                run("-Y", "verify", "-f", "allowed", "-I", "alice", "-n", SPACE, "-s", "sig") == 0
            ), line
    assert both == 8
