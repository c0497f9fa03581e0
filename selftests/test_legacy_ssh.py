"""Old sshds: reached when they are named, with exactly what they need; named in words when not."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures import ssh_openssh, ssh_paramiko
from fixtures.doctor_hosts import _failed
from fixtures.dom0_reading import Dom0Address, read_dom0s
from fixtures.raw import RawDom0
from fixtures.secret import Secret
from fixtures.ssh_legacy import NoAgreement, NoAgreementError, disagreement, lowered
from fixtures.ssh_settings import ScriptOutput, SshFailureError, SshOptions, SshTarget, resolve
from rules.legacy import legacy_ssh
from selftests.old_servers import SSHD, OldSsh, old_ssh, old_sshd
from selftests.sshd import Sshd

UUID = "0a1b2c3d-1111-2222-3333-444455556666"
ADDRESS = "192.0.2.65"
PASSWORD = "correct horse, 'battery' $taple"
DRIVERS = {"paramiko": ssh_paramiko.run_script, "openssh": ssh_openssh.run_script}
NAMED = frozenset({ADDRESS})
SIGNATURES = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-rsa"
ALLOW = f"allow what it needs: --legacy={ADDRESS}"

pytestmark = pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def of_6_5(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldSsh]:
    with old_ssh(tmp_path_factory.mktemp("old") / "a", UUID, password=PASSWORD) as found:
        yield found


@pytest.fixture(scope="module")
def of_7_0(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldSsh]:
    kex = "curve25519-sha256@libssh.org,diffie-hellman-group14-sha1"
    folder = tmp_path_factory.mktemp("old") / "b"
    with old_ssh(folder, UUID, kex=kex, host_key="ed25519", password=PASSWORD) as found:
        yield found


def run(driver: str, server: OldSsh, **more: Any) -> ScriptOutput:
    options = server.options(ports={UUID: server.port}, aliases={UUID: "127.0.0.1"}, **more)
    target = resolve(options, UUID, ADDRESS)
    return DRIVERS[driver](target, b"cat /etc/xensource-inventory", 30, 1 << 16, threading.Event())


def failure(driver: str, server: OldSsh, **more: Any) -> SshFailureError:
    with pytest.raises(SshFailureError) as raised:
        run(driver, server, **more)
    return raised.value


def test_an_old_host_is_read_with_what_it_lacks_and_no_more(of_6_5: OldSsh) -> None:
    output = run("openssh", of_6_5, legacy=NAMED)
    assert UUID.encode() in output.stdout
    seen = output.connection
    assert seen["legacy"] is True
    assert seen["allowed"] == {
        "KexAlgorithms": "+diffie-hellman-group14-sha1",
        "HostKeyAlgorithms": "+ssh-rsa",
        "PubkeyAcceptedAlgorithms": SIGNATURES,
    }
    assert (seen["kex"], seen["cipher"]) == ("diffie-hellman-group14-sha1", "aes128-ctr")
    assert (seen["host_key_algorithm"], seen["mac"]) == ("ssh-rsa", "hmac-sha1")
    assert seen["login_signature"] == "ssh-rsa"
    assert seen["host_key"].startswith("ssh-rsa SHA256:")
    assert legacy_ssh(seen) == (
        "diffie-hellman-group14-sha1",
        "ssh-rsa",
        "ssh-rsa for the user's key",
    )


def test_a_password_reaches_an_old_host(of_6_5: OldSsh, of_7_0: OldSsh) -> None:
    only = {"identity_file": None, "offer_keys": False, "password": Secret(PASSWORD)}
    seen = run("openssh", of_6_5, legacy=NAMED, **only).connection
    assert (seen["login"], seen["legacy"]) == ("password", True)
    assert sorted(seen["allowed"]) == ["HostKeyAlgorithms", "KexAlgorithms"]
    seen = run("openssh", of_7_0, legacy=NAMED, **only).connection
    assert (seen["login"], seen["legacy"], seen["allowed"]) == ("password", False, {})


def test_a_wrong_password_is_sent_once(of_6_5: OldSsh) -> None:
    before = of_6_5.logins.count("password")
    error = failure("openssh", of_6_5, legacy=NAMED, password=Secret("wrong"), offer_keys=False,
                    identity_file=None)  # fmt: skip
    assert error.kind == "login-refused"
    assert of_6_5.logins.count("password") == before + 1


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_a_host_that_was_not_named_says_what_it_offers(driver: str, of_6_5: OldSsh) -> None:
    before = list(of_6_5.logins)
    error = failure(driver, of_6_5, legacy=frozenset({"192.0.2.66"}))
    assert error.kind == "unreachable"
    assert error.cause == (
        "127.0.0.1 offers no key exchange method for SSH that is still in use, "
        f"only diffie-hellman-group14-sha1; for a host as old as XenServer 6.5 {ALLOW}"
    )
    assert of_6_5.logins == before


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_an_rsa_key_that_an_old_host_refuses(driver: str, of_7_0: OldSsh) -> None:
    error = failure(driver, of_7_0)
    assert "takes RSA keys only with SHA-1" in error.cause
    assert error.cause.endswith(f"allow SHA-1 for this host: --legacy={ADDRESS}")


def test_an_rsa_key_signs_with_sha1_where_that_was_allowed(of_7_0: OldSsh) -> None:
    seen = run("openssh", of_7_0, legacy=NAMED).connection
    assert seen["allowed"] == {"PubkeyAcceptedAlgorithms": SIGNATURES}
    assert seen["kex"].startswith("curve25519-sha256")
    assert legacy_ssh(seen) == ("ssh-rsa for the user's key",)


def test_host_keys_stay_strict(of_6_5: OldSsh, of_7_0: OldSsh, tmp_path: Path) -> None:
    before = list(of_6_5.logins)
    (tmp_path / "empty").touch()
    unknown = failure("openssh", of_6_5, legacy=NAMED, known_hosts=(tmp_path / "empty",))
    assert unknown.kind == "host-key-unknown"
    assert unknown.fingerprint.startswith("SHA256:")
    other = (of_7_0.identity.with_name("host_key.pub")).read_text()
    changed = tmp_path / "changed"
    rsa = of_6_5.identity.with_suffix(".pub").read_text()
    changed.write_text(f"[127.0.0.1]:{of_6_5.port} {rsa}[127.0.0.1]:{of_6_5.port} {other}")
    error = failure("openssh", of_6_5, legacy=NAMED, known_hosts=(changed,))
    assert error.kind == "host-key-changed"
    assert of_6_5.logins == before


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Sshd]]:
    """A real sshd per profile, all of them with the same key of the user."""
    folder = tmp_path_factory.mktemp("real")
    with contextlib.ExitStack() as stack:
        found: dict[str, Sshd] = {}
        for number, profile in enumerate(SSHD):
            found[profile] = stack.enter_context(
                old_sshd(folder / str(number), profile, uuid_of(number))
            )
        first = next(iter(found.values()))
        for one in found.values():
            one.identity.with_name("authorized_keys").write_text(
                first.identity.with_suffix(".pub").read_text()
            )
        yield found


def uuid_of(number: int) -> str:
    return f"0a1b2c3d-1111-2222-3333-00000000000{number}"


def together(real: Mapping[str, Sshd], **more: Any) -> dict[str, RawDom0]:
    """All the hosts in one reading, by profile."""
    uuids = {uuid_of(number): profile for number, profile in enumerate(real)}
    first = next(iter(real.values()))
    options: SshOptions = first.options(
        known_hosts=tuple(one.known_hosts for one in real.values()),
        ports={uuid: real[profile].port for uuid, profile in uuids.items()},
        **more,
    )
    hosts = [Dom0Address(uuid, profile, "127.0.0.1") for uuid, profile in uuids.items()]
    return {uuids[uuid]: raw for uuid, raw in read_dom0s(hosts, (), options, 120).items()}


NEEDED = {
    "CentOS 5": (
        {"KexAlgorithms": "+diffie-hellman-group14-sha1"}
        | {"HostKeyAlgorithms": "+ssh-rsa", "PubkeyAcceptedAlgorithms": SIGNATURES},
        ("diffie-hellman-group14-sha1", "ssh-rsa", "ssh-rsa for the user's key"),
    ),
    "CBC only": (
        {"KexAlgorithms": "+diffie-hellman-group14-sha1", "Ciphers": "+aes128-cbc"}
        | {"HostKeyAlgorithms": "+ssh-rsa", "PubkeyAcceptedAlgorithms": SIGNATURES},
        ("diffie-hellman-group14-sha1", "ssh-rsa", "aes128-cbc", "ssh-rsa for the user's key"),
    ),
    "7.2-class": (
        {"HostKeyAlgorithms": "+ssh-rsa", "PubkeyAcceptedAlgorithms": SIGNATURES},
        ("ssh-rsa", "ssh-rsa for the user's key"),
    ),
    "7.4-class": ({}, ()),
}


def test_real_sshds_that_were_named(real: Mapping[str, Sshd]) -> None:
    read = together(real, legacy=frozenset(uuid_of(number) for number in range(len(real))))
    assert {p: raw.cause for p, raw in read.items() if raw.cause} == {
        "group 1 only": "127.0.0.1 offers no key exchange method for SSH that is still in use, "
        "only diffie-hellman-group1-sha1; none of it is used, with --legacy either"
    }
    for profile, (allowed, old) in NEEDED.items():
        seen = read[profile].connection
        assert (seen["driver"], seen["ended"]) == ("openssh", "complete")
        assert seen["allowed"] == allowed, profile
        assert seen["legacy"] is bool(allowed)
        assert legacy_ssh(seen) == old


def test_real_sshds_of_which_one_was_named(real: Mapping[str, Sshd]) -> None:
    """What is allowed for one host is allowed for no other of the same run."""
    read = together(real, legacy=frozenset({uuid_of(0)}))
    drivers = {profile: raw.connection["driver"] for profile, raw in read.items()}
    assert drivers == dict.fromkeys(SSHD, "paramiko") | {"CentOS 5": "openssh"}
    assert {p: not raw.cause for p, raw in read.items()} == {
        "CentOS 5": True,
        "CBC only": False,
        "7.2-class": False,
        "7.4-class": True,
        "group 1 only": False,
    }
    assert "offers no host key type for SSH that is still in use" in read["7.2-class"].cause
    assert "--legacy=127.0.0.1" in read["7.2-class"].cause
    assert legacy_ssh(read["7.4-class"].connection) == ()


def test_a_real_sshd_takes_the_password(tmp_path: Path) -> None:
    with old_sshd(tmp_path / "one", "CentOS 5", UUID, password=True) as server:
        options = server.options(
            ports={UUID: server.port},
            legacy=frozenset({UUID}),
            identity_file=None,
            offer_keys=False,
            password=Secret(PASSWORD),
        )
        host = Dom0Address(UUID, "alpha", "127.0.0.1")
        read = read_dom0s([host], (), options, 60)[UUID]
    assert read.cause == ""
    assert read.connection["login"] == "password"
    assert read.connection["legacy"] is True


def target(**more: Any) -> SshTarget:
    return resolve(SshOptions(config_file=Path("/dev/null"), **more), UUID, ADDRESS)


@pytest.mark.parametrize(
    ("what", "offered", "allowed"),
    [
        ("key exchange method", ("diffie-hellman-group1-sha1",), {}),
        (
            "key exchange method",
            ("diffie-hellman-group-exchange-sha1",),
            {"KexAlgorithms": "+diffie-hellman-group-exchange-sha1"},
        ),
        ("host key type", ("ssh-dss",), {}),
        ("cipher", ("3des-cbc", "arcfour"), {}),
        ("cipher", ("3des-cbc", "aes128-cbc", "aes256-cbc"), {"Ciphers": "+aes256-cbc"}),
        ("MAC", ("hmac-md5",), {}),
        ("MAC", ("hmac-md5", "hmac-sha1"), {"MACs": "+hmac-sha1"}),
    ],
)
def test_what_may_be_allowed(what: str, offered: tuple[str, ...], allowed: dict[str, str]) -> None:
    error = NoAgreementError("", "unreachable", NoAgreement(what, offered))
    named = target(legacy=NAMED)
    assert lowered(named, error, {}, {}) == allowed
    assert lowered(named, error, allowed, {}) == {}, "nothing is tried twice"
    assert lowered(target(), error, {}, {}) == {}, "nothing for a host that was not named"


@pytest.mark.parametrize(
    ("printed", "option"),
    [
        ("pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms"),
        ("pubkeyacceptedkeytypes", "PubkeyAcceptedKeyTypes"),
        ("", ""),
    ],
)
def test_the_option_for_signatures_is_spelt_as_the_users_ssh_knows_it(
    printed: str, option: str
) -> None:
    error = NoAgreementError("", "login-refused", NoAgreement("signature"))
    found = lowered(target(legacy=NAMED), error, {}, {printed: "x"} if printed else {})
    assert found == ({option: SIGNATURES} if option else {})


def test_only_what_ssh_says_of_itself_counts() -> None:
    said = "no matching cipher found. Their offer: aes128-cbc,kex-strict-s-v00@openssh.com"
    assert disagreement(f"debug1: {said}") is None
    assert disagreement(f"Unable to negotiate with x: {said}\r\n") == NoAgreement(
        "cipher", ("aes128-cbc",)
    )


@pytest.mark.parametrize(
    ("legacy", "found"),
    [
        ({UUID.upper()}, True),
        ({ADDRESS}, True),
        ({f"{ADDRESS}:22"}, True),
        ({"192.0.2.6"}, False),
        (set(), False),
    ],
)
def test_a_target_knows_whether_it_was_named(legacy: set[str], found: bool) -> None:
    one = target(legacy=frozenset(legacy))
    assert one.legacy is found
    assert one.driver == ("openssh" if found else "paramiko")


def test_the_doctor_proposes_no_host_that_a_machine_has_named() -> None:
    host = Dom0Address("u", "xen-01", "10.0.0.1")
    said = "10.0.0.1, which greets as SSH-2.0-OpenSSH_4.3 --legacy=10.0.0.2, closed the connection"
    assert _failed(host, RawDom0(cause=said)).paste == ()
    needs = "10.0.0.1 offers nothing else; allow what it needs: --legacy=10.0.0.1"
    assert _failed(host, RawDom0(cause=needs)).paste == ("--legacy=10.0.0.1",)
