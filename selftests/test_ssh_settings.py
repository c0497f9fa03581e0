import argparse
import base64
import hashlib
import hmac
import io
from pathlib import Path
from typing import Any

import paramiko
import pytest

from fixtures.exceptions import UsageProblemError
from fixtures.live import LivePlan, read_live
from fixtures.live_options import live_plan
from fixtures.secret import Secret
from fixtures.ssh_known_hosts import HostKey, KnownKeys, read_known_keys
from fixtures.ssh_settings import SshOptions, resolve
from reports.progress import Progress
from selftests.faulty_pools import NOW
from selftests.xenapi_matrix import login_of, speaking
from simpool.pools import build

UUID = "11111111-2222-3333-4444-555555555555"


def config(tmp_path: Path, text: str) -> SshOptions:
    file = tmp_path / "config"
    file.write_text(text, encoding="utf-8")
    return SshOptions(config_file=file)


def test_without_a_configuration(tmp_path: Path) -> None:
    target = resolve(config(tmp_path, ""), UUID, "10.0.0.1")
    assert (target.hostname, target.port, target.user, target.known_as) == (
        "10.0.0.1",
        22,
        "root",
        "10.0.0.1",
    )
    assert target.explicit_user
    assert Path("/etc/ssh/ssh_known_hosts") in target.known_hosts
    assert Path("~/.ssh/known_hosts").expanduser() in target.known_hosts


def test_the_configuration_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Host alpha\n  Port 2222\n", encoding="utf-8")
    text = f"""
Include {tmp_path}/mo*
Host alpha
  HostName 10.0.0.9
  User admin
  Port 99
  IdentityFile /k/one
  IdentityFile /k/two
  IdentitiesOnly yes
  UserKnownHostsFile /k/a /k/b
  GlobalKnownHostsFile none
  ProxyCommand none
Host *
  HostKeyAlias Pool
  StrictHostKeyChecking no
"""
    target = resolve(config(tmp_path, text), UUID, "alpha")
    assert (target.hostname, target.port, target.user) == ("10.0.0.9", 2222, "admin")
    assert target.identity_files == (Path("/k/one"), Path("/k/two"))
    assert target.identities_only
    assert target.known_hosts == (Path("/k/a"), Path("/k/b"))
    assert target.known_as == "pool"
    assert target.proxy_command == ""
    assert not target.explicit_user


def test_an_include_in_a_block_does_not_end_it(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Host other\n  Port 1\n", encoding="utf-8")
    text = f"Host alpha\n  Include {tmp_path}/more\n  Port 5\n"
    assert resolve(config(tmp_path, text), UUID, "alpha").port == 5
    assert resolve(config(tmp_path, text), UUID, "beta").port == 22


def test_jump_hosts_and_options(tmp_path: Path) -> None:
    options = config(tmp_path, "Host a\n  ProxyJump bastion\n")
    assert resolve(options, UUID, "a").proxy_jump == "bastion"
    options = SshOptions(
        config_file=options.config_file, user="u", ports={UUID: 77}, aliases={UUID: "a"},
        identity_file=Path("/k"), known_hosts=(Path("/h"),),
    )  # fmt: skip
    target = resolve(options, UUID, "10.0.0.1")
    assert (target.address, target.port, target.user, target.known_as) == ("a", 77, "u", "[a]:77")
    assert target.identity_files[0] == Path("/k")
    assert target.known_hosts == (Path("/h"),)


@pytest.mark.parametrize(
    "text", ["Host a\n  Port x\n", "Match nonsense\n", "one-word\n", "Host 'a\n"]
)
def test_a_configuration_that_makes_no_sense(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageProblemError, match="ssh configuration"):
        resolve(config(tmp_path, text), UUID, "a")


def test_a_configuration_that_is_not_there_or_loops(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="cannot be read"):
        resolve(SshOptions(config_file=tmp_path / "none"), UUID, "a")
    with pytest.raises(UsageProblemError, match="deeply"):
        resolve(config(tmp_path, f"Include {tmp_path}/config\n"), UUID, "a")


def test_secrets_are_not_shown() -> None:
    options = SshOptions(password=Secret("geheim"))
    assert "password" not in repr(options)
    assert "geheim" not in repr(resolve(options, UUID, "a"))


KEY = HostKey("ssh-ed25519", b"one")
OTHER = HostKey("ssh-ed25519", b"two")


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return "|1|" + base64.b64encode(salt).decode() + "|" + base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("names", "name", "known"),
    [
        ("alpha", "alpha", True),
        ("Alpha,10.0.0.1", "alpha", True),
        ("alpha", "alphab", False),
        ("*.example", "a.example", True),
        ("*.example,!b.example", "b.example", False),
        ("[alpha]:2222", "[alpha]:2222", True),
        ("[alpha]:2222", "alpha", False),
        ("alpha", "[alpha]:2222", False),
        ("[a-z]", "b", False),
        (hashed("alpha"), "alpha", True),
        (hashed("[alpha]:2222"), "[alpha]:2222", True),
        (hashed("alpha"), "beta", False),
        ("|1|rubbish", "alpha", False),
    ],
)
def test_known_hosts_names(tmp_path: Path, names: str, name: str, known: bool) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("# comment\n\nbroken line\nx ssh-rsa ???\n" + KEY.line(names) + " comment\n")
    assert read_known_keys([tmp_path / "absent", file], name).judge(KEY) == (
        "known" if known else "unknown"
    )


def test_host_key_judgements(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(
        f"{KEY.line('a')}\n@revoked {OTHER.line('*')}\n@cert-authority {OTHER.line('b')}\n"
    )
    keys = read_known_keys([file], "a")
    assert (keys.judge(KEY), keys.judge(OTHER)) == ("known", "revoked")
    assert KnownKeys((KEY,)).judge(OTHER) == "changed"
    assert KnownKeys((KEY, OTHER)).judge(OTHER) == "known"
    assert read_known_keys([file], "b").judge(KEY) == "unknown"


def test_fingerprint_is_that_of_openssh() -> None:
    key = paramiko.RSAKey.generate(2048)
    ours = HostKey(key.get_name(), key.asbytes())
    assert ours.fingerprint == key.fingerprint
    assert ours.line("a") == f"a ssh-rsa {key.get_base64()}"


def test_commands_of_the_configuration_decide_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Match exec '{} %h'\n  Port 99\n"
    assert resolve(config(tmp_path, text.format("test alpha =")), UUID, "alpha").port == 99
    assert resolve(config(tmp_path, text.format("test beta =")), UUID, "alpha").port == 22
    monkeypatch.setattr("fixtures.ssh_settings._MATCH_SECONDS", 0.2)
    with pytest.raises(UsageProblemError, match=r"Match exec did not end within 0\.2 s"):
        resolve(config(tmp_path, text.format("sleep 60; :")), UUID, "alpha")


def live_options_of(config_file: Path, **changes: Any) -> argparse.Namespace:
    given: dict[str, Any] = {"user": "root", "password_file": None, "tls_fingerprint": []}
    ssh: dict[str, Any] = {"ssh_user": None, "ssh_same_password": True, "known_hosts": []}
    given |= ssh | {"ca_bundle": None, "legacy": None, "settings": None, "no_ssh": False}
    given |= {"ssh_driver": "paramiko", "ssh_config": str(config_file), "deadline": "10m"}
    return argparse.Namespace(**given | changes)


def test_it_is_looked_at_before_the_pool_is_contacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLPROOF_PASSWORD", "simulated")
    file = config(tmp_path, "Match nonsense\n").config_file
    assert file is not None
    with pytest.raises(UsageProblemError, match="ssh configuration"):
        live_plan(live_options_of(file), "pool.example")
    assert live_plan(live_options_of(file, no_ssh=True), "pool.example").ssh is None
    assert live_plan(live_options_of(file, ssh_driver="openssh"), "pool.example").ssh is not None


def test_what_is_wrong_for_one_host_costs_that_host_alone(tmp_path: Path) -> None:
    with speaking("json-rpc", build("default", NOW)) as endpoint:
        records = endpoint.pool.records["host"].values()
        wrong, *others = [str(host["uuid"]) for host in records]
        address = next(host["address"] for host in records)
        # Nothing listens on this port of ours.
        text = f"Host {address}\n  Port x\nHost *\n  HostName 127.0.0.1\n  Port 1\n"
        plan = LivePlan(login_of(endpoint), config(tmp_path, text))
        raw = read_live(plan, [], Progress(io.StringIO(), live=False))
    assert not [name for name, found in raw.classes.items() if found.state == "unread"]
    assert raw.dom0[wrong].cause == "the ssh configuration has a Port that is no port: 'x'"
    assert others
    assert all(raw.dom0[uuid].connection["failure"] == "refused" for uuid in others)
