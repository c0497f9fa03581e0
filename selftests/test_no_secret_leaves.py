"""Secrets planted wherever there may be one reach no file, no byte of it, and no terminal."""

import contextlib
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from selftests.canaries import Canaries, leaks, plant_answers, plant_dom0s, plant_records
from selftests.live_pool import LivePool, live
from selftests.running import Run, audit
from selftests.test_dump import MANIFEST, document
from simpool.data import SimPool
from simpool.pools import build


def planted(name: str, canary: Canaries) -> SimPool:
    pool = build(name)
    for user, account in pool.users.items():
        account.password = canary(f"password of {user}")
    plant_records(pool, canary)
    plant_answers(pool, canary)
    plant_dom0s(pool, canary)
    return pool


@contextlib.contextmanager
def served(name: str, canary: Canaries, folder: Path) -> Iterator[LivePool]:
    folder.mkdir(exist_ok=True)
    with live(planted(name, canary), folder) as pool:
        yield pool


def unseen(run: Run, canary: Canaries, *folders: Path) -> None:
    """Nothing that was planted is in the archive, beside it, or was printed."""
    assert len(run.bundles) >= 1, run.out
    for folder in (run.archive, *folders):
        assert leaks(folder, canary) == []
    printed = run.out.encode()
    assert canary.seen_in(printed) == []
    # Nor in the clothes in which HTTP and testinfra send them.
    assert not [place for text, place in canary.planted.items() if b64encode(text) in printed]


def environment_of(canary: Canaries) -> dict[str, str]:
    return {
        "XE_EXTRA_ARGS": f"username=root,password={canary('environment')}",
        "AWS_SECRET_ACCESS_KEY": canary("environment"),
        "POOLPROOF_DESTINATION_PASSWORD": canary("environment"),
        "PS1": canary("environment, no telling name"),
    }


@pytest.mark.parametrize("name", ["default", "xs8", "xcpng83"])
def test_a_live_pool_with_every_output(name: str, tmp_path: Path) -> None:
    canary, outside = Canaries(), tmp_path / "outside"
    outside.mkdir()
    with served(name, canary, tmp_path / "pool") as pool:
        run = pool.audit(
            "-v",
            "--fail-on-warning",
            f"--junitxml={outside / 'pytest.xml'}",
            f"--html={outside / 'pytest.html'}",
            "--ssh-same-password",
            **environment_of(canary),
        )
        sessions = pool.xenapi.handed_out
    assert run.results["ledger"]["judged"] > 100, run.out
    assert sessions
    for session in sessions:
        canary.planted[session.removeprefix("OpaqueRef:").encode()] = "session id"
    unseen(run, canary, outside)
    again = audit(tmp_path / "again", f"--pool={run.bundle}", "-v")
    assert again.results == run.results
    unseen(again, canary)


def test_the_operators_own_files(tmp_path: Path) -> None:
    canary, folder = Canaries(), tmp_path / "files"
    folder.mkdir()
    (folder / "pw").write_text(canary("password file") + "\nsecond: " + canary("second line"))
    (folder / "pw").chmod(0o600)
    (folder / "waivers.toml").write_text(
        '[[waiver]]\nfinding = "VM-TOOLS-01:2b7c9e1f-0000-4000-8000-000000000000"\n'
        f'owner = "J. Doe"\napprover = "R. Roe"\nreason = "password={canary("waiver")}"\n'
        'ticket = "CHG-1"\nfrom = 2026-11-01\nuntil = 2026-12-31\n'
    )
    (folder / "hcl.json").write_text("[]")
    with served("default", canary, tmp_path / "pool") as pool:
        password = canary("the right password")
        pool.pool.users["root"].password = password
        (folder / "xapi").write_text(password)
        (folder / "xapi").chmod(0o600)
        environment = {"POOLPROOF_PASSWORD": "", "POOLPROOF_SSH_PASSWORD": ""}
        run = pool.audit(
            f"--password-file={folder / 'xapi'}",
            f"--ssh-password-file={folder / 'pw'}",
            f"--waivers={folder / 'waivers.toml'}",
            f"--junit-prefix=password={canary('command line')}",
            **environment,
        )
    unseen(run, canary)


@pytest.mark.parametrize("word", ["xapi", "ssh"])
def test_a_wrong_password_is_not_shown(word: str, tmp_path: Path) -> None:
    canary = Canaries()
    with served("default", canary, tmp_path / "pool") as pool:
        name = {"xapi": "POOLPROOF_PASSWORD", "ssh": "POOLPROOF_SSH_PASSWORD"}[word]
        run = pool.audit(**{name: canary("wrong password")})
    assert run.code == 30, run.out
    assert canary.seen_in(run.out.encode()) == []
    assert leaks(run.archive, canary) == []


def test_a_password_in_the_pools_url(tmp_path: Path) -> None:
    canary = Canaries()
    for name in ("pool", "destination"):
        url = f"https://root:{canary(f'URL of --{name}')}@127.0.0.1:1"
        other = () if name == "pool" else ("--pool=sim",)
        run = audit(tmp_path, f"--{name}={url}", *other, environment={"POOLPROOF_PASSWORD": "x"})
        assert run.code != 0
        assert canary.seen_in(run.out.encode()) == []
        assert leaks(tmp_path, canary) == []


def dump_of(pool: SimPool) -> str:
    """The pool's records as the text of a database dump."""
    tables = {
        class_: [
            {"ref": ref, **{key: _cell(value) for key, value in record.items()}}
            for ref, record in records.items()
        ]
        for class_, records in pool.records.items()
    }
    return document(tables, {**MANIFEST, "schema_minor_vsn": "120"})


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return "(" + " ".join(f"({_atom(k)} {_atom(v)})" for k, v in value.items()) + ")"
    if isinstance(value, list):
        return "(" + " ".join(_atom(one) for one in value) + ")"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("%", "%%").replace(" ", "%.").replace("\n", "%n")


def _atom(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'".replace("%", "%%").replace(" ", "%.").replace("\n", "%n")


def test_a_database_dump_as_source_destination_and_baseline(tmp_path: Path) -> None:
    canary = Canaries()
    dump = tmp_path / "pool.xml"
    dump.write_text(dump_of(planted("default", canary)))
    run = audit(tmp_path / "first", f"--pool={dump}", "-v", f"--database-backup={dump}")
    assert run.results["ledger"]["judged"] > 50, run.out
    unseen(run, canary)
    for name, words in {
        "destination": ["--pool=sim:moving", f"--destination={dump}"],
        "baseline": [f"--pool={dump}", f"--baseline={run.bundle}"],
    }.items():
        later = audit(tmp_path / name, *words, "-v")
        assert json.loads((later.bundle / "facts" / "inputs" / f"{name}.json").read_bytes())
        unseen(later, canary)
