"""Secrets planted wherever a pool, its dom0s and its operator may keep one, to be looked for later."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fixtures.dom0_framing import STDERR_CAP
from simpool.data import CannedAnswer, SimPool
from simpool.records import pool_record

# Maps whose keys are no free text.
_STRUCTURE = {"current_operations", "allowed_operations", "blocked_operations", "snapshot_info"}
_TEXTS = ("name_label", "name_description")
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----"


class Canaries:
    """Hands out secrets, each of its own, and remembers where each was planted."""

    def __init__(self) -> None:
        self.planted: dict[bytes, str] = {}

    def __call__(self, place: str) -> str:
        text = f"Zq{len(self.planted):04d}c4n4ryX"
        self.planted[text.encode()] = place
        return text

    def seen_in(self, data: bytes) -> list[str]:
        """Where those that stand in the data were planted."""
        if b"c4n4ryX" not in data:
            return []
        return [place for text, place in self.planted.items() if text in data]


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, raw, and what is packed in it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(folder).as_posix()
            yield from _unpacked(name, path.read_bytes())


def _unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if data[:2] == b"\x1f\x8b":
        yield from _unpacked(f"{name}!gunzip", gzip.decompress(data))
    elif data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for member in packed.namelist():
                yield from _unpacked(f"{name}!{member}", packed.read(member))


def leaks(folder: Path, canary: Canaries) -> list[str]:
    """`file: place` for every secret that is found in a folder."""
    return [
        f"{name}: {place}"
        for name, data in contents(folder)
        for place in [*canary.seen_in(data), *canary.seen_in(name.encode())]
    ]


def plant_records(pool: SimPool, canary: Canaries) -> None:
    """In every text and every map of every record, and in the places made for secrets."""
    for class_, records in pool.records.items():
        for record in records.values():
            for field in list(record):
                _plant_field(class_, record, field, canary)
    _plant_places(pool, canary)


def _plant_field(class_: str, record: dict[str, Any], field: str, canary: Canaries) -> None:
    place, value = f"{class_}.{field}", record[field]
    if field in _TEXTS:
        record[field] = f"{value} password: {canary(place)}"
    elif isinstance(value, dict) and field not in _STRUCTURE:
        record[field] = {
            **value,
            "admin-password": canary(f"{place} by key"),
            "note": f"api_key={canary(f'{place} in text')}",
            f"secret={canary(f'{place} in a key')}": "x",
        }
    elif field == "tags":
        record[field] = [*value, f"token:{canary(place)}"]


def _plant_places(pool: SimPool, canary: Canaries) -> None:
    places: dict[str, dict[str, Any]] = {
        "host": {
            "external_auth_configuration": {"user": canary("AD user"), "pass": canary("AD pass")},
            "license_params": {
                "serialnumber": canary("serial number"),
                "license_key": canary("licence key"),
                "anything": canary("licence parameter"),
            },
            "power_on_config": {"power_on_user": canary("iDRAC user"), "x": canary("iDRAC x")},
            "other_config": {"snmp-community": canary("SNMP community")},
            "logging": {"syslog_destination": f"https://log:{canary('syslog URL')}@logs.example"},
        },
        "pool": {
            "wlb_password": canary("WLB password"),
            "repository_proxy_password": canary("proxy password"),
            "telemetry_uuid": canary("telemetry secret"),
            "gui_config": {"XenCenter.pw": canary("gui pw")},
        },
        "PBD": {
            "device_config": {
                "chapuser": canary("CHAP user"),
                "chappassword": canary("CHAP password"),
                "incoming_chapuser": canary("CHAP user, incoming"),
                "incoming_chappassword": canary("CHAP password, incoming"),
                "cifspassword": canary("SMB password"),
                "username": canary("SMB user"),
                "unheard_of": canary("unknown driver's key"),
            }
        },
        "SR": {
            "sm_config": {"chappassword": canary("SR.sm_config CHAP"), "multipath": "x"},
            "other_config": {"dirty": f"user:{canary('SR login')}@nas.example"},
        },
        "VM": {
            "xenstore_data": {"vm-data/x": canary("xenstore"), "user-data": canary("user data")},
            "other_config": {
                "config-drive": canary("config drive"),
                "cloud": f"#cloud-config\npassword: x\nssh_keys:\n - {canary('cloud-init')}",
                "key": KEY.format(canary("private key")),
                "crypt": f"root:$6$saltsalt${canary('crypted password')}:1:0:99:7:::",
            },
            "platform": {"vnc-password": canary("VNC password")},
            "PV_args": f"ks=http://u:{canary('kickstart URL')}@h/ks rootpw={canary('rootpw')}",
            "NVRAM": {"EFI-variables": canary("NVRAM")},
            "snapshot_metadata": f"(('name' '{canary('snapshot metadata')}'))",
            "last_booted_record": f"(('name' '{canary('last booted record')}'))",
        },
    }
    for class_, fields in places.items():
        for record in pool.records[class_].values():
            for field in fields.keys() & record.keys():
                value = fields[field]
                record[field] = {**record[field], **value} if isinstance(value, dict) else value
    if "secret" in pool.records:
        uuid = "5ec0e700-0000-4000-8000-000000000001"
        pool.records["secret"]["OpaqueRef:" + uuid] = {
            "uuid": uuid,
            "value": canary("secret record"),
            "other_config": {"for": canary("secret record's other_config")},
        }
        pool_record(pool)["wlb_password"] = "OpaqueRef:" + uuid


def plant_dom0s(pool: SimPool, canary: Canaries) -> None:
    """In what every command prints, on both streams."""
    for answers in pool.dom0.values():
        for command, answer in list(answers.items()):
            place = f"dom0: {command[:40]}"
            more = (
                f"//nas/x /mnt cifs username=u,password={canary(place)} 0 0\n"
                f"node.session.auth.password = {canary(place + ' (CHAP)')}\n"
                f"rocommunity {canary(place + ' (SNMP)')} 10.0.0.0/8\n"
                f"30 2 * * * root sshpass -p {canary(place + ' (cron)')} ssh backup\n"
            )
            answers[command] = CannedAnswer(
                stdout=answer.stdout + more,
                stderr=f"{answer.stderr}\nAuthorization: Basic {canary(place + ' (stderr)')}"[
                    :STDERR_CAP
                ],
                status=answer.status,
            )


def plant_answers(pool: SimPool, canary: Canaries) -> None:
    """In messages and in errors of methods that compute."""
    pool.answers.setdefault("message.get_since", {})["recent"] = {
        "OpaqueRef:m": {
            "uuid": "5ec0e700-0000-4000-8000-000000000002",
            "name": "ALARM",
            "priority": "3",
            "cls": "VM",
            "obj_uuid": "x",
            "timestamp": "20261101T10:00:00Z",
            "body": f"value: 1\nconfig: <password value='x'/> password={canary('message')}",
        }
    }
