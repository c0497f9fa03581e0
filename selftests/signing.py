"""Small bundles, keys of three people, and decisions, also such as our own words would not make."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fixtures.private_files import private_directory, write_private
from reports import decision as decisions
from reports.allowed_signers import load_allowed_signers
from reports.approval import standing
from reports.bundle import VERIFY
from reports.decision import Decision
from reports.ledger import FATES
from reports.manifest import manifest, new_bundle
from reports.signoff import sign

ENDED = datetime(2026, 11, 20, 20, 15, 4, tzinfo=UTC)


def make_keys(folder: Path) -> Path:
    """Fill a folder with private keys, and the `allowed` file that names them."""
    lines = []
    for name, kind in (("alice", "ed25519"), ("bob", "rsa"), ("mallory", "ed25519")):
        words = ["ssh-keygen", "-q", "-N", "", "-C", name, "-t", kind, "-f", str(folder / name)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        public = " ".join((folder / f"{name}.pub").read_text().split()[:2])
        lines.append(f'{name}@example.org namespaces="{decisions.NAMESPACE}" {public}\n')
    (folder / "allowed").write_text("".join(lines[:2]))
    (folder / "all").write_text("".join(lines))
    return folder


def row(check: str, outcome: str, severity: str = "blocker", **more: Any) -> dict[str, Any]:
    object_ = {"class": "pool", "uuid": "0f0b", "name": "Frankfurt"}
    parts = {"check": check, "severity": severity, "outcome": outcome, "object": object_}
    return {**parts, "waiver": None, **more}


def account(results: dict[str, Any]) -> None:
    """Give results the ledger of their outcomes."""
    checks = []
    for check in sorted({one["check"] for one in results["outcomes"]}):
        words = [one["outcome"] for one in results["outcomes"] if one["check"] == check]
        fates = {fate: words.count(fate) for fate in FATES}
        checks.append({"check": check, "planned": len(words), **fates})
    keys = ("planned", *FATES)
    total = {key: sum(one[key] for one in checks) for key in keys}
    results["ledger"] = {**total, "adds_up": True, "problems": [], "checks": checks}


def make_bundle(archive: Path, word: str = "READY WITH CONDITIONS", **flags: bool) -> Path:
    path = new_bundle(archive, "Frankfurt", ENDED)
    results: dict[str, Any] = {
        "run": {"ended": ENDED.isoformat(), "pool": {"uuid": "0f0b"}},
        "verdict": word,
        "flags": {"blocked": False, "incomplete": False, "not_verified": False, **flags},
        "catalogue": [
            {"id": "A-01", "severity": "blocker", "waivable": False},
            {"id": "B-01", "severity": "warning", "waivable": True},
        ],
        "outcomes": [row("A-01", "pass"), row("B-01", "warning", severity="warning")],
    }
    account(results)
    write_private(path / "results.json", json.dumps(results).encode())
    write_private(private_directory(path / "facts") / "pool.json", b"{}")
    write_private(path / "VERIFY.txt", VERIFY.read_bytes())
    closing = manifest(path, tool="poolproof 0.1.0", verdict=word, pool_uuid="0f0b")
    write_private(path / "manifest.json", closing)
    return path


def approve(bundle: Path, keys: Path, name: str = "alice", **more: Any) -> Path:
    options: dict[str, Any] = {"decision": "approve", "signer": f"{name}@example.org", **more}
    return sign(bundle, key=keys / name, **options)


def refusals(bundle: Path, allowed: Path, signers: int = 1) -> tuple[str, ...]:
    return standing(bundle, load_allowed_signers(allowed), datetime.now(UTC)).refusals(signers)


def rewrite(bundle: Path, change: Callable[[dict[str, Any]], object], **more: str) -> None:
    """Alter results and close the bundle again, as whoever made it could have."""
    results = json.loads((bundle / "results.json").read_bytes())
    change(results)
    write_private(bundle / "results.json", json.dumps(results).encode())
    said = {"tool": "", "verdict": "READY WITH CONDITIONS", "pool_uuid": "0f0b", **more}
    write_private(bundle / "manifest.json", manifest(bundle, **said))


def forge(
    bundle: Path,
    keys: Path,
    name: str = "alice",
    namespace: str = decisions.NAMESPACE,
    **changes: str,
) -> None:
    """Sign a decision with ssh-keygen alone, as somebody would who goes round our own words."""
    closing = (bundle / "manifest.json").read_bytes()
    said = json.loads(closing)
    values: dict[str, Any] = {
        "manifest": hashlib.sha256(closing).hexdigest(),
        "pool": said["pool"],
        "verdict": said["verdict"],
        "decision": "approve",
        "signer": f"{name}@example.org",
        "change": "",
        "comment": "",
        "time": "2026-11-21T10:00:00Z",
        **changes,
    }
    message = Decision(**values).to_bytes()
    done = subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", keys / name],
        input=message,
        capture_output=True,
        check=True,
    )
    folder = private_directory(bundle / "signoff")
    write_private(folder / f"{name}.json", message)
    write_private(folder / f"{name}.json.sig", done.stdout)
