"""No planted secret survives redaction, and nothing else is lost."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.raw import RawAnswer, RawClass, RawDom0, RawFacts, RawProbe
from fixtures.redaction import REDACTED, is_secret_name, redact, redact_record, redact_text

KEY = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"


class Canaries:
    """Hands out secrets and remembers them."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self) -> str:
        self.planted.append(f"canary{len(self.planted):04d}x")
        return self.planted[-1]


def planted_facts(canary: Canaries) -> RawFacts:
    records: dict[str, dict[str, Any]] = {
        "pool": {
            "name_label": "production",
            "wlb_password": canary(),
            "repository_proxy_password": canary(),
            "other_config": {"pool_token": canary(), "kept": "yes"},
            "gui_config": {"note": '{"password": "' + canary() + '"}'},
        },
        "host": {
            "license_params": {
                "serialnumber": canary(),
                "name": canary(),
                "expiry": "20300101T00:00:00Z",
                "restrict_rpu": "false",
            },
            "power_on_config": {"power_on_user": canary(), "power_on_password_secret": canary()},
            "external_auth_configuration": {"user": canary(), "pass": canary()},
            "other_config": {"iscsi_iqn": "iqn.x", "multipath-passwd": canary()},
        },
        "secret": {"uuid": "u", "value": canary(), "other_config": {"a": canary()}},
        "subject": {"other_config": {"subject-upn": canary()}},
        "Cluster": {"cluster_token": canary(), "token_timeout": 1.0},
        "PUSB": {"serial": canary(), "vendor_id": "0951"},
        "VTPM": {"contents": canary()},
        "PBD": {
            "device_config": {
                "chappassword": canary(),
                "chapuser": canary(),
                "cifspassword_transformed": canary(),
                "username": canary(),
                "options": "username=a,password=" + canary(),
                "anything": canary(),
                "location": "//user:" + canary() + "@server/share",
                "SCSIid": "36001",
                "target": "10.0.0.1",
            }
        },
        "VM": {
            "name_label": "web-01",
            "name_description": "root password: " + canary() + " and " + canary(),
            "NVRAM": {"EFI-variables": canary()},
            "xenstore_data": {"vm-data/anything": canary()},
            "snapshot_metadata": "(" + canary(),
            "last_booted_record": "('" + canary(),
            "PV_args": "ks=http://me:" + canary() + "@h/ks rootpw=" + canary(),
            "other_config": {
                "cloud-init-user-data": canary(),
                "config": "#cloud-config\nusers:\n - " + canary(),
                "shadow": "root:$6$abcdefgh$" + canary() + ":1::",
                "key": KEY.format(canary()),
                "session_id": canary(),
                "mac_seed": "kept",
            },
            "tags": ["token=" + canary(), "plain"],
            "HVM_boot_params": {"order": "cd"},
        },
        "session": {"uuid": canary()},
    }
    probe = RawProbe(
        "cat /etc/iscsi.conf",
        "done",
        0,
        stdout=f"node.session.auth.password = {canary()} {canary()}\nkept line\n"
        f"mount -o username=u,password={canary()}\n" + KEY.format(canary()),
        stderr=f"curl -u x --proxy-password {canary()}\nxe -pw {canary()}\nAuthorization: Basic "
        + canary(),
    )
    return RawFacts(
        source={"kind": "live", "password": canary(), "url": f"https://root:{canary()}@pool/"},
        classes={
            name: RawClass("read", {f"OpaqueRef:{name}": record})
            for name, record in records.items()
        },
        answers={
            "VM.assert_agile": {
                "a": RawAnswer(error=("SESSION_INVALID", canary())),
                "b": RawAnswer({"secret": canary(), "list": [{"token": canary()}]}),
                "c": RawAnswer(error=("VM_REQUIRES_SR", "OpaqueRef:1", "OpaqueRef:2")),
            }
        },
        dom0={"host-1": RawDom0({"iscsi": probe}, "", {"password": canary(), "port": 22})},
        inputs={
            "settings": {"ssh_password": canary(), "password_file": "/root/pw", "n": {"pw": 5}},
            "backup": {"secrets_blanked": False},
        },
        calls={"VM.get_all_records": 1},
    )


def test_no_canary_survives() -> None:
    canary = Canaries()
    facts = redact(planted_facts(canary))
    text = json.dumps(asdict(facts))
    assert [secret for secret in canary.planted if secret in text] == []
    assert len(canary.planted) > 40


def test_what_is_harmless_stays() -> None:
    facts = redact(planted_facts(Canaries()))
    vm = facts.classes["VM"].records["OpaqueRef:VM"]
    assert vm["name_label"] == "web-01"
    assert vm["other_config"]["mac_seed"] == "kept"
    assert vm["NVRAM"] == {"EFI-variables": REDACTED}
    assert vm["tags"] == [f"token={REDACTED}", "plain"]
    assert "snapshot_metadata" not in vm
    host = facts.classes["host"].records["OpaqueRef:host"]
    assert host["license_params"]["expiry"] == "20300101T00:00:00Z"
    assert host["license_params"]["restrict_rpu"] == "false"
    device = facts.classes["PBD"].records["OpaqueRef:PBD"]["device_config"]
    assert device["SCSIid"] == "36001"
    assert device["location"] == f"//{REDACTED}@server/share"
    assert facts.classes["Cluster"].records["OpaqueRef:Cluster"]["token_timeout"] == 1.0
    assert facts.classes["session"].state == "unread"
    assert facts.answers["VM.assert_agile"]["c"].error[1] == "OpaqueRef:1"
    assert facts.inputs["settings"]["password_file"] == "/root/pw"
    assert facts.inputs["backup"] == {"secrets_blanked": False}
    assert "kept line\n" in facts.dom0["host-1"].probes["iscsi"].stdout
    assert facts.dom0["host-1"].connection["port"] == 22


def test_again_changes_nothing() -> None:
    once = redact(planted_facts(Canaries()))
    assert redact(once) == once


@given(st.text(alphabet="pasword:= \n<>rectd@/'\"$6"))
def test_text_is_idempotent(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


def test_empty_stays_empty() -> None:
    record = redact_record("pool", {"wlb_password": "OpaqueRef:NULL", "x_token": "", "t": []})
    assert record == {"wlb_password": "OpaqueRef:NULL", "x_token": "", "t": []}


@pytest.mark.parametrize(
    "name", ["password", "chapuser", "ROOT_PASSWD", "x-token", "apiKey", "pw", "vm.pass", "Secret2"]
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["passthrough", "compass", "token_timeout", "gpgkey_path", "mac_seed", "host_key", "bypass",
     "password-file", "xo:backup:contentKey", "authorisations"],
)  # fmt: skip
def test_harmless_names(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "passwd-0.79-4.el7.x86_64",
        "PasswordAuthentication yes",
        "a token ring",
        "https://server:8080/path@2x",
        "",
        "root@host:/root",
    ],
)
def test_harmless_text(text: str) -> None:
    assert redact_text(text) == text


def test_large_text_is_quick() -> None:
    hostile = (
        "//" + ":" * 300_000,
        "-pw" * 100_000 + " -p",
        "-----BEGIN " * 50_000,
        "$6$" * 99_999,
    )
    for text in hostile:
        assert redact_text(f"password {text}").startswith("password ")
    text = "password" * 200_000
    assert redact_text(text) == text
    assert redact_text("x" * 2_000_000 + " password=s").endswith(REDACTED)


@pytest.mark.parametrize(
    "text",
    [
        "pw: hunter2", "pass=hunter2", "DB_PASS=hunter2", "Kennwort: hunter2", "luks_key=hunter2",
        "admin:hunter2@files", "curl -u admin:hunter2 https://x", "curl --user=admin:hunter2 x",
        "30 2 * * * root sshpass -p hunter2 ssh backup", "mysql -u root -phunter2 x",
        "rocommunity hunter2 default", "com2sec local 10.0.0.0/8 hunter2", "snmp_community: hunter2",
        "session=OpaqueRef:hunter2", "mount -o user=x,pass=hunter2",
    ],
)  # fmt: skip
def test_credentials_as_people_write_them(text: str) -> None:
    once = redact_text(text)
    assert "hunter2" not in once
    assert redact_text(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "PCI pass-through: yes", "tests passed: 5", "session 3 of 4", "key: value", "spw=1",
        "XCP-ng community edition", "iqn.2001-05.com.vendor:storage.lun1", "user: admin", "ls -u /x:y",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_credential_stays(text: str) -> None:
    assert redact_text(text) == text
