"""Signing bundles off: by real keys, checked by our verifier and by stock tools as VERIFY.txt says."""

import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.private_files import write_private
from reports.allowed_signers import load_allowed_signers
from reports.approval import standing
from reports.signoff import CannotSignError, main
from selftests.signing import approve, forge, make_bundle, make_keys, refusals

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "archive")


def test_two_people_approve(bundle: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusals(bundle, keys / "allowed") == ("approved by 0 of 1 people",)
    path = approve(bundle, keys, change="CHG123", comment="after the backup")
    assert path == bundle / "signoff" / "alice-example.org.json"
    assert refusals(bundle, keys / "allowed") == ()
    assert refusals(bundle, keys / "allowed", 2) == ("approved by 1 of 2 people",)
    words = ["sign", str(bundle), "--decision=approve", f"--key={keys / 'bob'}"]
    assert main([*words, "--signer=bob@example.org"]) == 0
    words = ["verify", str(bundle), f"--allowed-signers={keys / 'allowed'}", "--signers=2"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.endswith("APPROVED by alice@example.org, bob@example.org\n")
    assert "change CHG123, SHA256:" in out
    assert "after the backup" in out
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (bundle / "signoff").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((bundle / "signoff").stat().st_mode) == 0o700


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is missing")
def test_verify_txt_works_with_stock_tools(bundle: Path, keys: Path) -> None:
    approve(bundle, keys)
    text = (bundle / "VERIFY.txt").read_text()
    text = text.replace("-f ALLOWED_SIGNERS", f"-f {keys / 'allowed'}")
    text = text.replace("-I ALICE", "-I alice@example.org").replace("ALICE", "alice-example.org")
    steps = re.findall(r"^    (?=\S)((?:.+\n)(?:(?: {8}|for ).+\n)*)", text, re.MULTILINE)
    steps = [one for one in steps if not one.startswith("pytest")]
    assert [one.split()[0] for one in steps] == [
        "jq", "python3", "jq", "find", "sha256sum", "grep", "ssh-keygen", "jq",
    ]  # fmt: skip

    def run(step: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", step],
            cwd=bundle,
            capture_output=True,
            text=True,
            check=False,
        )

    answers = {step: run(step) for step in steps}
    assert [(a.returncode, a.stderr) for a in answers.values()] == [(0, "")] * len(steps)
    assert "READY WITH CONDITIONS" in answers[steps.pop()].stdout
    assert 'Good "pool-upgrade-signoff@poolproof" signature for alice' in answers[steps[-1]].stdout
    digest = next(a.stdout.split()[0] for step, a in answers.items() if step.startswith("sha256"))
    assert digest in answers[steps[-2]].stdout
    (bundle / "results.json").write_bytes(b"[]")
    assert run(steps[0]).returncode != 0
    path = bundle / "signoff" / "alice-example.org.json"
    path.write_bytes(path.read_bytes().replace(b"approve", b"Approve"))
    assert run(steps[-1]).returncode != 0


def test_one_reject_outweighs_approvals(bundle: Path, keys: Path) -> None:
    approve(bundle, keys)
    approve(bundle, keys, "bob", decision="reject", comment="no backup")
    assert refusals(bundle, keys / "allowed") == (
        "signoff/bob-example.org.json: bob@example.org rejected it",
    )


def test_who_approved_may_still_reject(bundle: Path, keys: Path) -> None:
    first = approve(bundle, keys).read_bytes()
    second = approve(bundle, keys, decision="reject")
    assert second.name == "alice-example.org-2.json"
    assert (bundle / "signoff" / "alice-example.org.json").read_bytes() == first
    assert "rejected it" in refusals(bundle, keys / "allowed")[0]


def test_one_key_is_not_two_people(bundle: Path, keys: Path, tmp_path: Path) -> None:
    approve(bundle, keys)
    approve(bundle, keys, signer="carol@example.org")
    public = " ".join((keys / "alice.pub").read_text().split()[:2])
    (tmp_path / "allowed").write_text(f"alice@example.org,carol@example.org {public}\n")
    assert refusals(bundle, tmp_path / "allowed") == ()
    assert refusals(bundle, tmp_path / "allowed", 2) == ("approved by 1 of 2 people",)


def test_one_name_is_not_two_people(bundle: Path, keys: Path, tmp_path: Path) -> None:
    approve(bundle, keys)
    approve(bundle, keys, "bob", signer="Alice@example.org")
    lines = [" ".join((keys / f"{name}.pub").read_text().split()[:2]) for name in ("alice", "bob")]
    (tmp_path / "allowed").write_text("".join(f"*@example.org {line}\n" for line in lines))
    assert refusals(bundle, tmp_path / "allowed", 2) == ("approved by 1 of 2 people",)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("blocked", "it is BLOCKED"),
        ("incomplete", "it is INCOMPLETE"),
        ("not_verified", "a blocker is NOT VERIFIED"),
    ],
)
def test_what_cannot_be_approved(tmp_path: Path, keys: Path, flag: str, words: str) -> None:
    bundle = make_bundle(tmp_path, "BLOCKED", **{flag: True})
    with pytest.raises(CannotSignError, match=f"cannot be approved: {words}"):
        approve(bundle, keys)
    assert not (bundle / "signoff").exists()
    forge(bundle, keys)
    found = refusals(bundle, keys / "allowed")
    assert f"signoff/alice.json: it approves what cannot be approved: {words}" in found
    assert words in found
    approve(bundle, keys, "bob", decision="reject")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"manifest": "0" * 64}, "it was made for another bundle, or this one was altered since"),
        ({"pool": "other"}, "it names another pool or verdict than the manifest"),
        ({"verdict": "READY"}, "it names another pool or verdict than the manifest"),
        ({"decision": "perhaps"}, "it decides neither to approve nor to reject"),
        ({"time": "yesterday"}, "its time is none"),
        ({"time": "2999-01-01T00:00:00Z"}, "it claims to be from the future: 2999-01-01T00:00:00Z"),
        (
            {"time": "2026-11-20T20:00:00Z"},
            "it claims to be older than the run that it decides upon",
        ),
        ({"comment": "x" * 2001}, "it does not have exactly the texts of a decision"),
        (
            {"signer": "eve@example.org"},
            "the key belongs to alice@example.org, not to eve@example.org",
        ),
        ({"namespace": "git"}, "it was signed for another purpose: git"),
    ],
)
def test_forgeries_are_named(
    bundle: Path, keys: Path, changes: dict[str, str], problem: str
) -> None:
    forge(bundle, keys, **changes)
    assert refusals(bundle, keys / "allowed")[0] == f"signoff/alice.json: {problem}"


def test_a_key_that_nobody_allowed(bundle: Path, keys: Path) -> None:
    approve(bundle, keys, "mallory")
    (problem, *_) = refusals(bundle, keys / "allowed")
    assert "nobody is allowed to sign with the key SHA256:" in problem
    assert refusals(bundle, keys / "all") == ()


def test_a_signature_of_another_bundle(tmp_path: Path, bundle: Path, keys: Path) -> None:
    approve(bundle, keys)
    other = make_bundle(tmp_path / "elsewhere", "READY")
    shutil.copytree(bundle / "signoff", other / "signoff")
    assert "made for another bundle" in refusals(other, keys / "allowed")[0]


def _with_validity(keys: Path, path: Path, validity: str) -> Path:
    lines = (keys / "allowed").read_text().replace(" namespaces=", f" {validity},namespaces=")
    path.write_text(lines)
    return path


def test_keys_outside_their_validity(bundle: Path, keys: Path, tmp_path: Path) -> None:
    forge(bundle, keys)
    early = _with_validity(keys, tmp_path / "a", 'valid-after="20261122Z"')
    assert "valid only after 2026-11-22 00:00:00 UTC" in refusals(bundle, early)[0]
    late = _with_validity(keys, tmp_path / "b", 'valid-before="20261120Z"')
    assert "valid only before" in refusals(bundle, late)[0]
    since = _with_validity(keys, tmp_path / "c", 'valid-before="20261122Z"')
    state = standing(bundle, load_allowed_signers(since), datetime.now(UTC))
    assert state.refusals() == ()
    assert "the key is not valid any more" in state.signed[0].notes[0]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda b: (b / "results.json").write_bytes(b"[]"), "results.json: not the file"),
        (lambda b: (b / "facts" / "pool.json").unlink(), "facts/pool.json: listed, and not there"),
        (lambda b: (b / "extra").write_bytes(b""), "extra: there, and not listed"),
        (
            lambda b: (b / "signoff" / "note.txt").write_bytes(b""),
            "signoff/note.txt: it is neither",
        ),
        (
            lambda b: (b / "signoff" / "b.json").write_bytes(b"{}"),
            "signoff/b.json: it is not signed",
        ),
        (
            lambda b: (b / "signoff" / "b.json.sig").write_bytes(b""),
            "signoff/b.json.sig: the decision",
        ),
        (lambda b: (b / "signoff" / "d").mkdir(), "signoff/d: it is not a regular file"),
        (
            lambda b: (b / "signoff" / "alice-example.org.json.sig").write_bytes(b"x"),
            "signoff/alice-example.org.json: it is not an SSH signature file",
        ),
        (
            lambda b: (b / "signoff" / "alice-example.org.json").write_bytes(b"x"),
            "signoff/alice-example.org.json: it was not made over these bytes",
        ),
        (
            lambda b: (b / "signoff" / "alice-example.org.json").write_bytes(b"x" * 70_000),
            "signoff/alice-example.org.json: alice-example.org.json has more than",
        ),
    ],
)
def test_tampering_is_named(
    bundle: Path, keys: Path, change: Callable[[Path], object], problem: str
) -> None:
    approve(bundle, keys)
    change(bundle)
    found = refusals(bundle, keys / "allowed")
    assert any(one.startswith(problem) for one in found), found


def test_a_linked_folder_of_decisions(bundle: Path, keys: Path, tmp_path: Path) -> None:
    approve(bundle, keys)
    (bundle / "signoff").rename(tmp_path / "elsewhere")
    (bundle / "signoff").symlink_to(tmp_path / "elsewhere")
    assert refusals(bundle, keys / "allowed")[0] == "signoff: it is not a directory"


def test_an_altered_bundle_is_not_signed(bundle: Path, keys: Path) -> None:
    (bundle / "results.json").write_bytes(b"{}")
    with pytest.raises(CannotSignError, match="not as it was written"):
        approve(bundle, keys, decision="reject")


def test_a_decision_is_never_overwritten(bundle: Path, keys: Path) -> None:
    path = approve(bundle, keys)
    with pytest.raises(FileExistsError):
        write_private(path, b"", new=True)
    assert len(list(path.parent.iterdir())) == 2


def test_keys_in_an_agent(
    bundle: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("ssh-agent"):
        pytest.skip("ssh-agent is missing")
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    try:
        until = datetime.now(UTC) + timedelta(seconds=20)
        while not socket.exists() and datetime.now(UTC) < until:
            pass
        subprocess.run(["ssh-add", "-q", keys / "alice"], check=True)
        (tmp_path / "alice.pub").write_bytes((keys / "alice.pub").read_bytes())
        approve(bundle, tmp_path, "alice.pub", signer="alice@example.org")
    finally:
        agent.terminate()
        agent.wait()
    assert refusals(bundle, keys / "allowed") == ()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["verify", "BUNDLE"], 4, "--allowed-signers"),
        (["verify", "BUNDLE", "--allowed-signers=/nowhere"], 1, "/nowhere cannot be read"),
        (["verify", "BUNDLE", "--allowed-signers=ALLOWED", "--signers=0"], 4, "--signers"),
        (["verify", "/nowhere", "--allowed-signers=ALLOWED"], 1, "cannot be read as a manifest"),
        (["sign", "BUNDLE", "--decision=maybe", "--key=KEY", "--signer=a"], 4, "maybe"),
        (["sign", "BUNDLE", "--decision=reject", "--key=/none", "--signer=a"], 1, "did not sign"),
        (["sign", "BUNDLE", "--decision=reject", "--key=KEY", "--signer= "], 1, "has a name"),
    ],
)
def test_bad_words(
    bundle: Path,
    keys: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    places = {"BUNDLE": bundle, "ALLOWED": keys / "allowed", "KEY": keys / "alice"}
    for name, path in places.items():
        words = [word.replace(name, str(path)) for word in words]
    assert main(words) == code
    assert said in capsys.readouterr().err


def test_what_was_written_reaches_a_terminal_harmless(
    bundle: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(bundle, keys, comment="\x1b[31mred\n\u202eright to left")
    assert main(["verify", str(bundle), f"--allowed-signers={keys / 'allowed'}"]) == 0
    assert "\\x1b[31mred\\n\\u202eright to left" in capsys.readouterr().out
