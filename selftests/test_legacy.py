"""`--legacy` from the command line to the verdict: names, an old pool read whole, and what is said."""

import argparse
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.audit import Audit
from fixtures.catalogue import discover
from fixtures.exceptions import CannotAuditError, NotVerifiedError
from fixtures.judgement import judge
from fixtures.legacy import is_legacy, named_hosts
from fixtures.live import LivePlan, read_live
from fixtures.live_options import live_plan
from fixtures.model import PoolFacts
from fixtures.probes import MOUNTS
from fixtures.pseudonym_check import without_names
from fixtures.raw import RawFacts
from fixtures.redaction import redact
from fixtures.secret import Secret
from fixtures.settings import Settings, load_settings
from fixtures.tls import Trust, parse_pin
from fixtures.waivers import WaiverBook
from fixtures.xenapi_session import Login
from reports.outcome import Outcome
from reports.progress import Progress
from rules.legacy import handshakes, legacy_ssh, negotiated_ssh
from selftests.faulty_pools import NOW, pool_named
from selftests.old_servers import old_certificate, old_sshd, old_tls
from simpool.builder import host
from simpool.data import SimPool
from simpool.direct import facts_of, inputs_of
from simpool.pools import build
from simpool.xenapi_endpoint import XenApiEndpoint

CHECKS = discover().checks


def facts(*changes: tuple[str, str, str]) -> PoolFacts:
    """The pool of XenServer 6.5, with fields of hosts changed: label, field, value."""
    pool = pool_named("xs65")
    for label, field, value in changes:
        host(pool, label)[field] = value
    return PoolFacts(facts_of(pool, NOW, ()))


def found(name: str, known: PoolFacts, *contacted: str) -> tuple[set[str], tuple[str, ...]]:
    """Labels of the hosts that a name stands for, and what is said of it."""
    named = named_hosts([name], known, "pool.example", contacted)
    return {one.title for one in known.hosts if one.uuid in named.uuids}, named.notes


def test_a_host_is_named_by_whatever_it_is_called() -> None:
    known = facts(("old-02", "address", "FD00:0::2"), ("old-02", "hostname", "rack2.example"))
    member = next(one for one in known.hosts if one.title == "old-02")
    for name in (member.uuid, member.uuid.upper(), "old-02", "OLD-02", "rack2.example.",
                 "fd00::2", "[fd00::2]", "[fd00:0::2]:443"):  # fmt: skip
        assert found(name, known) == ({"old-02"}, ()), name
    assert found("pool.example", known) == ({"old-01"}, ())
    assert found("pool.example:443", known) == ({"old-01"}, ())


def test_a_name_that_fits_no_host_is_said_loudly() -> None:
    known = facts()
    hosts, (note,) = found("old-03\x1b[2J", known)
    assert hosts == set()
    assert note.startswith("--legacy=old-03\\x1b[2J names no host of this pool: it had no effect")
    assert found("vip.example", known, "vip.example") == (set(), ())


def test_a_name_of_two_hosts_is_used_for_none() -> None:
    known = facts(("old-02", "name_label", "old-01"))
    hosts, notes = found("old-01", known)
    assert hosts == set()
    assert notes[0].startswith("--legacy=old-01 names 2 hosts, so it was used for none of them")


def test_spellings() -> None:
    assert is_legacy(["Old.Example."], "old.example")
    assert not is_legacy(["old.example"], "old.example.org", "")
    assert not is_legacy([""], "")


def test_settings_and_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "poolproof.toml"
    file.write_text('legacy = ["xen-01", "10.0.0.2"]\n')
    settings = load_settings(file, {"legacy": None})
    assert settings.legacy == ("xen-01", "10.0.0.2")
    assert Settings.from_json(settings.as_json()).legacy == settings.legacy
    assert load_settings(file, {"legacy": ["a"]}).legacy == ("a",)

    monkeypatch.setenv("POOLPROOF_PASSWORD", "simulated")
    given: dict[str, Any] = {"user": "root", "password_file": None, "tls_fingerprint": []}
    ssh: dict[str, Any] = {"ssh_user": None, "ssh_same_password": True, "known_hosts": []}
    options = argparse.Namespace(
        **given, **ssh, ca_bundle=None, no_ssh=False, ssh_driver="paramiko", legacy=None,
        settings=file, deadline="10m",
    )  # fmt: skip
    plan = live_plan(options, "10.0.0.2")
    assert plan.login.trust.legacy == {"xen-01", "10.0.0.2"}
    assert plan.ssh is not None
    assert plan.ssh.legacy == {"xen-01", "10.0.0.2"}
    options.legacy = []
    options.settings = None
    monkeypatch.chdir(tmp_path)
    assert live_plan(options, "10.0.0.2").login.trust.legacy == {"xen-01", "10.0.0.2"}


def test_an_old_pool_read_whole(tmp_path: Path) -> None:
    """TLS 1.0 and two sshds of CentOS 5, of which one was named: by its label."""
    pool = build("xs65")
    uuids = {label: host(pool, label)["uuid"] for label in ("old-01", "old-02")}
    identity = old_certificate(tmp_path)
    with (
        XenApiEndpoint(pool, identity=identity, tls=old_tls(identity)) as xenapi,
        old_sshd(tmp_path / "1", "CentOS 5", uuids["old-01"]) as first,
        old_sshd(tmp_path / "2", "CentOS 5", uuids["old-02"]) as second,
    ):
        names = frozenset({"127.0.0.1", "OLD-01", "elsewhere.example"})
        ssh = first.options(
            known_hosts=(first.known_hosts, second.known_hosts),
            ports={uuids["old-01"]: first.port, uuids["old-02"]: second.port},
            aliases=dict.fromkeys(uuids.values(), "127.0.0.1"),
            legacy=names,
        )
        trust = Trust(pins=(parse_pin(xenapi.fingerprint),), legacy=names)
        login = Login(xenapi.url, "root", Secret(pool.users["root"].password), trust)
        raw = redact(read_live(LivePlan(login, ssh), (MOUNTS,), quiet()))
        unnamed = replace(login, trust=replace(trust, legacy=frozenset({"OLD-01"})))
        with pytest.raises(CannotAuditError, match=r"add: --legacy=127\.0\.0\.1$"):
            read_live(LivePlan(unnamed, ssh), (), quiet())
        assert xenapi.sessions == {}

    tls = raw.source["tls"][0]
    assert len(raw.source["tls"]) == 1
    assert (tls["version"], tls["legacy"], tls["key_bits"]) == ("TLSv1", True, 1024)
    assert raw.classes["host"].state == "read"
    reached, missed = raw.dom0[uuids["old-01"]], raw.dom0[uuids["old-02"]]
    assert reached.cause == ""
    assert reached.connection["legacy"] is True
    assert reached.probes[MOUNTS.command].state == "done"
    address = host(pool, "old-02")["address"]
    assert missed.cause.endswith(f"allow what it needs: --legacy={address}")

    audit = audit_of(raw, pool, names)
    (note,) = [one for one in audit.notes if "--legacy" in one]
    assert note.startswith("--legacy=elsewhere.example names no host of this pool")
    outcomes = {o.object.name: o for o in judged(audit, "HOST-LEGACY-01")}
    assert outcomes["old-01"].outcome == "warning"
    assert "diffie-hellman-group14-sha1, ssh-rsa" in outcomes["old-01"].message
    assert (outcomes["old-02"].outcome, outcomes["old-02"].cause) == ("not-verified", missed.cause)
    (of_pool,) = judged(audit, "POOL-LEGACY-01")
    assert of_pool.outcome == "warning"
    assert "found: TLSv1 with AES" in of_pool.message


def quiet() -> Progress:
    return Progress(io.StringIO(), live=False)


def audit_of(raw: RawFacts, pool: SimPool, names: frozenset[str]) -> Audit:
    settings = load_settings(None, {"legacy": sorted(names)}, pool.settings).as_json()
    return Audit(replace(raw, inputs={**inputs_of(pool), "settings": settings}))


def judged(audit: Audit, identifier: str) -> list[Outcome]:
    check = CHECKS[identifier]
    records = audit.objects[check.info.object_class]
    return [judge(check, record, audit, WaiverBook({}, ())) for record in records]  # type: ignore[arg-type]


def test_names_go_with_redaction() -> None:
    """A host is the same host under its pseudonym, and nothing is said that was not true before."""
    pool = pool_named("xs65")
    names = {"old-01", host(pool, "old-02")["address"], "old-02", "nowhere.example"}
    raw = facts_of(pool, NOW, ())
    raw = replace(raw, source={**raw.source, "kind": "live", "coordinator": "192.0.2.1"})
    settings = load_settings(None, {"legacy": sorted(names)}, pool.settings).as_json()
    inputs = {**raw.inputs, "settings": settings, "run": {"command": ["pytest"]}, "checks": []}
    found = without_names(replace(raw, inputs=inputs), {})
    audit = Audit(found)
    assert not names & set(audit.settings.legacy)
    notes = [one for one in audit.notes if "--legacy" in one]
    assert len(notes) == 1, notes
    assert "nowhere" not in notes[0]


def test_a_dump_or_an_earlier_bundle_tells_nothing_of_tls() -> None:
    with pytest.raises(NotVerifiedError, match="dump"):
        handshakes({"kind": "dump"})
    quic = {"version": "QUIC", "cipher": "x"}
    noted: tuple[object, ...] = (None, [], "x", [{}], [{"version": "TLSv1.2"}], [3], [quic])
    for tls in noted:
        with pytest.raises(NotVerifiedError, match="not known"):
            handshakes({"kind": "live", "tls": tls})


@pytest.mark.parametrize(
    "connection",
    [
        {},
        {"driver": "paramiko", "cipher": "aes128-ctr", "mac": "hmac-sha1"},
        {"kex": "x", "cipher": "aes128-ctr", "mac": "hmac-sha1"},
        {"kex": None, "host_key_algorithm": "ssh-ed25519", "cipher": "aes128-ctr"},
    ],
)
def test_what_was_not_noted_is_not_modern(connection: Mapping[str, Any]) -> None:
    with pytest.raises(NotVerifiedError, match="has not noted them"):
        negotiated_ssh(connection)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("kex", f"diffie-hellman-group{g}-sha1") for g in ("1", "14", "-exchange")),
        *(
            ("host_key_algorithm", k)
            for k in ("ssh-rsa", "ssh-dss", "ssh-rsa-cert-v01@openssh.com")
        ),
        *(("cipher", c) for c in ("3des-cbc", "rijndael-cbc@lysator.liu.se", "arcfour128", "none")),
        *(("mac", m) for m in ("hmac-md5", "hmac-md5-96-etm@openssh.com", "hmac-sha1-96")),
    ],
)
def test_what_is_old(name: str, value: str) -> None:
    modern = {"kex": "sntrup761x25519-sha512@openssh.com", "host_key_algorithm": "rsa-sha2-512",
              "cipher": "chacha20-poly1305@openssh.com", "mac": "<implicit>"}  # fmt: skip
    assert legacy_ssh(modern) == ()
    assert legacy_ssh({**modern, "mac": "hmac-sha1"}) == ()
    assert legacy_ssh({**modern, name: value}) == (value,)
    offered = {**modern, "kex": "", "kex_offered": f"{'curve25519-sha256,' * 40}x-sha1"}
    assert legacy_ssh(offered) == ("x-sha1",)
