"""The freshness gate, as a pipeline runs it: real keys, whole audits, and every way to stay closed."""

import argparse
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fixtures.exceptions import GateClosedError, UsageProblemError
from fixtures.gate_reading import earlier_run, read_sign_off
from fixtures.private_files import write_private
from reports.decision import NAMESPACE
from reports.manifest import MANIFEST, contents, manifest
from reports.results import schema
from reports.signoff import sign
from selftests.running import Run, audit

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is missing")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Private keys of three people, and the list `allowed` of the first two."""
    folder = tmp_path_factory.mktemp("keys")
    lines = []
    for name in ("alice", "bob", "mallory"):
        words = [
            "ssh-keygen",
            "-q",
            "-N",
            "",
            "-C",
            name,
            "-t",
            "ed25519",
            "-f",
            str(folder / name),
        ]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        public = " ".join((folder / f"{name}.pub").read_text().split()[:2])
        lines.append(f'{name}@example.org namespaces="{NAMESPACE}" {public}\n')
    (folder / "allowed").write_text("".join(lines[:2]))
    return folder


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = audit(tmp_path_factory.mktemp("audited"), "--pool=sim")
    assert run.code == 0, run.out
    return run.bundle


@pytest.fixture
def bundle(audited: Path, tmp_path: Path) -> Path:
    """A finished run that nobody has signed."""
    return Path(shutil.copytree(audited, tmp_path / "earlier" / audited.name))


def decide(bundle: Path, keys: Path, name: str = "alice", **more: Any) -> None:
    options: dict[str, Any] = {"decision": "approve", **more}
    sign(bundle, key=keys / name, signer=f"{name}@example.org", **options)


def ask(bundle: Path, keys: Path, tmp_path: Path, *more: str, changed: str = "") -> Run:
    words = [f"--verify={bundle}", f"--allowed-signers={keys / 'allowed'}", *more]
    if not any(word.startswith("--pool") for word in more):
        words.append("--pool=sim")
    if changed:
        words += ["-p", "selftests.changed_pool"]
    return audit(tmp_path / "archive", *words, environment={"CHANGED_POOL": changed})


def refused(run: Run, *reasons: str) -> None:
    """Closed before the pool was contacted: nothing is read, nothing is left."""
    assert run.code == 20, run.out
    assert "Gate CLOSED: the pool was not audited" in run.out
    assert "reading XenAPI" not in run.out
    assert run.bundles == []
    for reason in reasons:
        assert reason in run.out


def test_what_was_signed_and_still_holds_opens_the_gate(
    bundle: Path, keys: Path, tmp_path: Path
) -> None:
    decide(bundle, keys, change="CHG123", comment="password: hunter2 <b>")
    run = ask(bundle, keys, tmp_path)
    assert run.code == 0, run.out
    assert "Gate OPEN: approved by alice@example.org" in run.out
    assert run.results["gate"]["open"] is True
    assert run.results["gate"]["reasons"] == []
    assert run.results["gate"]["approvals"][0]["change"] == "CHG123"
    assert "hunter2" not in json.dumps(run.results)
    jsonschema.validate(run.results, schema())
    report = (run.bundle / "report.html").read_text()
    assert "Gate OPEN" in report
    assert "poolproof_gate_open" in (run.bundle / "poolproof.prom").read_text()
    again = audit(tmp_path / "again", f"--pool={run.bundle}")
    assert again.code == 0, again.out
    assert "Gate OPEN" in again.out
    for name in ("results.json", "summary.md", "findings.csv", "junit.xml"):
        assert (again.bundle / name).read_bytes() == (run.bundle / name).read_bytes()


def test_a_new_warning_closes_it_though_the_verdict_is_good(
    bundle: Path, keys: Path, tmp_path: Path
) -> None:
    decide(bundle, keys)
    run = ask(bundle, keys, tmp_path, changed="HOST-UPTIME-01")
    assert run.code == 20, run.out
    assert run.results["verdict"] == "READY WITH CONDITIONS"
    assert "Gate CLOSED: do not start the upgrade" in run.out
    (reason,) = run.results["gate"]["reasons"]
    assert reason.startswith("new: HOST-UPTIME-01 host ")
    jsonschema.validate(run.results, schema())
    summary = (run.bundle / "summary.md").read_text()
    assert "Gate CLOSED" in summary
    assert "may go ahead" not in summary
    report = (run.bundle / "report.html").read_text()
    assert "Gate CLOSED" in report
    assert "may go ahead" not in report
    assert 'type="gate"' in (run.bundle / "junit.xml").read_text()
    again = audit(tmp_path / "again", f"--pool={run.bundle}")
    assert again.code == 20, again.out
    assert (again.bundle / "results.json").read_bytes() == (
        run.bundle / "results.json"
    ).read_bytes()


@pytest.mark.parametrize(
    ("changed", "code", "kind"),
    [("POOL-HA-01", 1, "blocked"), ("POOL-HA-01-", 30, "not-verified")],
)
def test_the_verdict_keeps_its_own_code(
    bundle: Path, keys: Path, tmp_path: Path, changed: str, code: int, kind: str
) -> None:
    decide(bundle, keys)
    run = ask(bundle, keys, tmp_path, changed=changed)
    assert run.code == code, run.out
    assert run.results["gate"]["open"] is False
    assert f"this run: {kind.replace('-', ' ')}" in run.results["gate"]["reasons"]
    assert "Gate CLOSED" in run.out
    assert any(
        one["check"] == "POOL-HA-01" and one["kind"] == "new" and one["now"] == kind
        for one in run.results["comparison"]["findings"]
    )


def test_a_lesser_check_that_cannot_be_verified_any_more_closes_it(
    bundle: Path, keys: Path, tmp_path: Path
) -> None:
    decide(bundle, keys)
    run = ask(bundle, keys, tmp_path, changed="VM-SNAPSHOTS-01-")
    assert run.results["verdict"] == "READY WITH CONDITIONS", run.out
    assert run.code == 20
    assert any("VM-SNAPSHOTS-01" in one for one in run.results["gate"]["reasons"])


def test_a_filtered_run_is_incomplete_and_closed(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    run = ask(bundle, keys, tmp_path, "-k", "high_availability")
    assert run.code == 40, run.out
    assert run.results["gate"]["open"] is False


def test_a_waiver_that_nobody_signed_closes_it(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    found = audit(
        tmp_path / "found",
        "--pool=sim",
        "-p",
        "selftests.changed_pool",
        environment={"CHANGED_POOL": "HOST-UPTIME-01"},
    )
    finding = next(
        f"{one['check']}:{one['object']['uuid']}"
        for one in found.results["outcomes"]
        if one["check"] == "HOST-UPTIME-01" and one["outcome"] == "warning"
    )
    today = datetime.now(UTC).date()
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        f'[[waiver]]\nfinding = "{finding}"\nowner = "J. Doe"\napprover = "R. Roe"\n'
        f'reason = "later"\nticket = "CHG-1"\nfrom = {today}\nuntil = {today + timedelta(days=9)}\n'
    )
    run = ask(bundle, keys, tmp_path, f"--waivers={waivers}", changed="HOST-UPTIME-01")
    assert run.code == 20, run.out
    assert any("(pass -> waived)" in one for one in run.results["gate"]["reasons"])


def test_unsigned(bundle: Path, keys: Path, tmp_path: Path) -> None:
    refused(ask(bundle, keys, tmp_path), "approved by 0 of 1 people")


def test_one_reject_outweighs_an_approval(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    decide(bundle, keys, "bob", decision="reject")
    refused(ask(bundle, keys, tmp_path), "bob@example.org rejected it")


def test_a_key_that_is_not_allowed(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys, "mallory")
    refused(ask(bundle, keys, tmp_path), "nobody is allowed to sign with the key")


def test_fewer_signers_than_asked_for(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    decide(bundle, keys)
    refused(ask(bundle, keys, tmp_path, "--signers=2"), "approved by 1 of 2 people")
    decide(bundle, keys, "bob")
    run = ask(bundle, keys, tmp_path, "--signers=2")
    assert run.code == 0, run.out
    signers = {one["signer"] for one in run.results["gate"]["approvals"]}
    assert signers == {"alice@example.org", "bob@example.org"}


def test_one_altered_byte(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    for name in ("facts/xenapi.json.gz", "report.html", "results.json"):
        content = bytearray((bundle / name).read_bytes())
        content[len(content) // 2] ^= 1
        (bundle / name).write_bytes(content)
    reasons = [f"{name}: not the file that was listed" for name in ("results.json", "report.html")]
    refused(ask(bundle, keys, tmp_path), "facts/xenapi.json.gz: not the file", *reasons)


def test_an_altered_manifest(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    rewritten(bundle, lambda results: results["flags"])
    (bundle / MANIFEST).write_bytes((bundle / MANIFEST).read_bytes() + b"\n")
    refused(ask(bundle, keys, tmp_path), "it was made for another bundle, or this one was altered")


def rewritten(bundle: Path, change: Any) -> None:
    """Alter the results of a bundle and close it again, as whoever made it could have."""
    results = json.loads((bundle / "results.json").read_bytes())
    change(results)
    (bundle / "results.json").write_text(json.dumps(results))
    was = contents(bundle)
    closing = manifest(bundle, tool=was["tool"], verdict=was["verdict"], pool_uuid=was["pool"])
    (bundle / MANIFEST).unlink()
    write_private(bundle / MANIFEST, closing)


def test_stale(bundle: Path, keys: Path, tmp_path: Path) -> None:
    ago = (datetime.now(UTC) - timedelta(hours=73)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rewritten(bundle, lambda results: results["run"].update(started=ago, ended=ago))
    decide(bundle, keys)
    refused(ask(bundle, keys, tmp_path), "stale: audited 73 h", "at most 72h are allowed")
    assert ask(bundle, keys, tmp_path, "--max-age=4d").code == 0


def test_asked_otherwise(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    run = ask(
        bundle,
        keys,
        tmp_path,
        "--target=xenserver-7.6",
        "--method=standalone",
        "--phase=after",
        "--max-backup-age=30d",
    )
    refused(
        run,
        "signed for target citrix-hypervisor-8.0, asked for xenserver-7.6",
        "signed for method rolling, asked for standalone",
        "signed for phase before, asked for after",
        "signed with another setting: max_backup_age: 7d then, 30d now",
    )


def test_the_word_of_another_version(bundle: Path, keys: Path, tmp_path: Path) -> None:
    rewritten(bundle, lambda results: results["run"]["tool"].update(version="0.0.1"))
    decide(bundle, keys)
    refused(ask(bundle, keys, tmp_path), "signed on the word of poolproof 0.0.1")


def test_another_pool(bundle: Path, keys: Path, tmp_path: Path) -> None:
    decide(bundle, keys)
    run = ask(bundle, keys, tmp_path, changed="uuid")
    assert run.code == 20, run.out
    assert "signed for the pool " in run.out
    assert run.bundles == []


def test_options_of_the_gate_that_make_no_sense(bundle: Path, keys: Path, tmp_path: Path) -> None:
    allowed = keys / "allowed"
    for given, text in (
        ({"signers": 2}, "--signers goes with --verify"),
        ({"max_age": "1h"}, "--max-age goes with --verify"),
        ({"verify": bundle}, "--verify needs --allowed-signers"),
        ({"verify": bundle, "allowed_signers": allowed, "signers": 0}, "at least one person"),
        ({"verify": bundle, "allowed_signers": allowed, "max_age": "soon"}, "must be an age"),
        ({"verify": bundle, "allowed_signers": allowed, "baseline": bundle}, "exclude each other"),
        ({"verify": tmp_path / "none", "allowed_signers": allowed}, "there is no such bundle"),
        ({"verify": bundle, "allowed_signers": tmp_path / "none"}, "No such file"),
    ):
        names = ("verify", "allowed_signers", "signers", "max_age", "baseline")
        options = argparse.Namespace(**{**dict.fromkeys(names), **given})
        with pytest.raises(UsageProblemError, match=text):
            assert earlier_run(options) == read_sign_off(options)
    run = ask(bundle, keys, tmp_path, f"--pool={bundle}")
    assert run.code == 4, run.out
    assert "--verify cannot be given with a bundle" in run.out


def test_what_cannot_be_verified_at_all_is_closed(keys: Path, tmp_path: Path) -> None:
    names = ("signers", "max_age", "baseline")
    options = argparse.Namespace(
        **dict.fromkeys(names), verify=tmp_path, allowed_signers=keys / "allowed"
    )
    with pytest.raises(GateClosedError, match="cannot be verified"):
        read_sign_off(options)
