"""`--redact=names`: no name leaves, and every finding is as it was."""

import ipaddress
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from fixtures.catalogue import discover
from fixtures.pseudonym_addresses import Addresses
from fixtures.pseudonym_check import without_names
from fixtures.pseudonym_words import Words
from fixtures.pseudonyms import pseudonymised
from selftests.canaries import Canaries, contents, leaks
from selftests.live_pool import live
from selftests.running import Run, audit
from simpool.data import CannedAnswer, SimPool
from simpool.direct import facts_of
from simpool.pools import POOLS, build

NAMED = ("pool", "host", "VM", "SR", "network", "VDI", "VMPP", "VMSS")
HOSTILE = (
    "a", "eth0", "root", "Linux", "1", "true", "xen", "10.0.0.1", "OpaqueRef:NULL", "tmpfs",
    "<b>bold</b>", "two\nlines", "right \u202eot tfel", "half \ud83d", "  spaces  ", "'; rm -rf /",
    "vm-0001", "host-0001", "日本語サーバー", "L" * 255, "web", "web-01", "web-01-old", "WEB-01",
    "{kind}-{number}", "%s", "\\1", "aa:bb:cc:dd:ee:ff",
)  # fmt: skip


def plant_names(pool: SimPool, canary: Canaries) -> None:
    """Give everything a name that is found again, and let everybody speak of it."""
    domain = f"{canary('domain')}.internal"
    server = f"nas-{canary('NFS server')}.{domain}"
    share = f"/export/{canary('NFS path')}"
    for class_ in NAMED:
        for record in pool.records.get(class_, {}).values():
            record["name_label"] = f"{canary(class_ + ' name')} of {canary('second word')}"
            record["name_description"] = f"ask {canary('description')}"
            record["tags"] = [canary("tag")]
            if "other_config" in record:
                record["other_config"] = {
                    **record["other_config"],
                    "folder": f"/{canary('folder')}/x",
                    f"XenCenter.CustomFields.{canary('field')}": canary("field's value"),
                    "note": f"see https://wiki.{domain}/{canary('URL')}",
                }
    for number, host in enumerate(pool.records["host"].values()):
        host["hostname"] = f"{canary('host name')}.{domain}"
        host["other_config"]["iscsi_iqn"] = f"iqn.2017-06.internal.acme:{canary('IQN')}"
        host["iscsi_iqn"] = f"iqn.2017-06.internal.acme:{canary('IQN')}"
        host["bios_strings"] = {"system-serial-number": canary("serial number")}
        host["logging"] = {"syslog_destination": f"log{number}.{domain}"}
    for record in pool.records["PBD"].values():
        record["device_config"].update(server=server, serverpath=share)
    plain = "zz00nfs"
    canary.planted[plain.encode()] = "a server that only dom0 names"
    for answers, host in zip(pool.dom0.values(), pool.records["host"].values(), strict=False):
        for command in ("cat /etc/fstab", "cat /proc/mounts", "hostname"):
            said = answers[command].stdout
            said = said if command != "hostname" else ""
            more = (
                f"{server}:{share} /mnt nfs rw 0 0\n{plain}:/vol/{canary('path')} /m nfs rw 0 0\n"
                f"# {host['name_label']} mail ops-{canary('mail')}@{domain}, ntp1.{domain}\n"
            )
            answers[command] = CannedAnswer(said + (more if said else host["hostname"] + "\n"))
    vm = next(iter(pool.records["VM"].values()))
    pool.answers.setdefault("message.get_since", {})["recent"] = {
        "OpaqueRef:m": {"name": "VM_STARTED", "body": f"VM '{vm['name_label']}' by {server}"}
    }


def addresses_of(pool: SimPool) -> set[str]:
    """IP and MAC addresses of a pool's own records."""
    text = json.dumps([*pool.records["PIF"].values(), *pool.records["VIF"].values()])
    text += json.dumps([*pool.records["host"].values()])
    found = set(re.findall(r'"(\d+\.\d+\.\d+\.\d+)"|"((?:[0-9a-f]{2}:){5}[0-9a-f]{2})"', text))
    own = {one for pair in found for one in pair if one}
    return {one for one in own if not one.startswith(("255.", "0.", "127."))}


def words_of(run: Run) -> dict[tuple[str, str], str]:
    return {(o["check"], o["object"]["uuid"]): o["outcome"] for o in run.results["outcomes"]}


@pytest.fixture(scope="module")
def run_and_names(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Run, Run, Canaries, SimPool]:
    folder, canary, pool = tmp_path_factory.mktemp("names"), Canaries(), build("troubled")
    plant_names(pool, canary)
    (folder / "live").mkdir()
    (folder / "waivers.toml").write_text(
        '[[waiver]]\nfinding = "VM-TOOLS-01:*"\nowner = "' + canary("owner") + '"\n'
        f'approver = "{canary("approver")}"\nreason = "{canary("reason")}"\nobjects = "all"\n'
        f'ticket = "{canary("ticket")}"\nfrom = 2026-11-01\nuntil = 2026-12-31\n'
    )
    with live(pool, folder / "live") as served:
        usual = served.audit(f"--waivers={folder / 'waivers.toml'}")
        files = f"--xva-dir={folder / canary('directory')}"
        (folder / files.rpartition("/")[2]).mkdir()
        shutil.rmtree(served.folder / "redacted", ignore_errors=True)
        redacted = audit(
            served.folder / "redacted",
            *served.words,
            f"--waivers={folder / 'waivers.toml'}",
            files,
            "--redact=names",
            environment=served.environment,
        )
    return usual, redacted, canary, pool


def unseen(run: Run, canary: Canaries, pool: SimPool) -> None:
    assert leaks(run.archive, canary) == []
    assert canary.seen_in(run.out.encode()) == []
    own = addresses_of(pool)
    assert len(own) > 10
    for name, data in contents(run.archive):
        assert not [
            one
            for one in own
            if re.search(rb"(?<![\d.])%b(?![\d])" % re.escape(one).encode(), data)
        ], name


def test_a_live_run_leaves_no_name(run_and_names: tuple[Run, Run, Canaries, SimPool]) -> None:
    usual, redacted, canary, pool = run_and_names
    assert len(leaks(usual.archive, canary)) > 100, "nothing was planted"
    unseen(redacted, canary, pool)
    assert redacted.results["notes"][0].startswith("names and addresses are pseudonyms")
    assert not any("judged otherwise" in note for note in redacted.results["notes"])
    assert redacted.bundle.parent.name.startswith("pool-0001")
    again = audit(redacted.archive.parent / "again", f"--pool={redacted.bundle}")
    assert again.results == redacted.results


def test_a_bundle_is_redacted_and_judged_the_same(
    run_and_names: tuple[Run, Run, Canaries, SimPool], tmp_path: Path
) -> None:
    usual, _, canary, pool = run_and_names
    run = audit(tmp_path, f"--pool={usual.bundle}", "--redact=names")
    unseen(run, canary, pool)
    assert words_of(run) == words_of(usual)
    assert run.code == usual.code
    assert run.results["verdict"] == usual.results["verdict"]
    names = {o["object"]["name"] for o in run.results["outcomes"]}
    assert {"host-0001", "host-0002", "host-0003"} <= names
    assert json.loads((run.bundle / "replay.json").read_bytes())["of"] == "..."


@pytest.mark.parametrize("name", POOLS)
def test_every_embedded_pool_is_judged_the_same(name: str) -> None:
    raw = facts_of(build(name))
    found = without_names(raw, discover().checks)
    assert not any("judged otherwise" in note for note in found.inputs["pseudonyms"]["notes"])


def test_hostile_names_are_judged_the_same() -> None:
    pool = build("troubled")
    named = [r for c in NAMED for r in pool.records.get(c, {}).values()]
    for number, record in enumerate(named):
        record["name_label"] = HOSTILE[number % len(HOSTILE)]
        record["name_description"] = HOSTILE[-1 - number % len(HOSTILE)]
    found = without_names(facts_of(pool), discover().checks)
    notes = found.inputs["pseudonyms"]["notes"]
    assert not any("judged otherwise" in note for note in notes), notes
    assert any("words of the suite itself" in note for note in notes)
    shown = {r["name_label"] for c in NAMED for r in found.classes[c].records.values()}
    assert shown & set(HOSTILE) <= {"vm-0001", "host-0001"}


def test_a_judgement_that_changes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(raw: Any) -> Any:
        found = pseudonymised(raw)
        for record in found.classes["host"].records.values():
            record["enabled"] = False
        return found

    monkeypatch.setattr("fixtures.pseudonym_check.pseudonymised", spoiled)
    notes = without_names(facts_of(build("default")), discover().checks).inputs["pseudonyms"]
    assert notes["notes"][0].startswith("judged otherwise than with the names: ")


def test_addresses_keep_their_subnets() -> None:
    addresses = Addresses(b"k" * 32)
    numbers = ["10.1.2.3", "10.1.2.77", "10.1.3.3", "10.200.0.1", "192.168.7.1", "203.0.113.9"]
    stand = {one: addresses.ip(one) or "" for one in numbers}
    assert len(set(stand.values())) == len(numbers)
    for one in numbers:
        for other in numbers:
            for bits in range(8, 33):
                before = ipaddress.ip_interface(f"{one}/{bits}").network
                after = ipaddress.ip_interface(f"{stand[one]}/{bits}").network
                same = ipaddress.ip_address(stand[other]) in after
                assert (ipaddress.ip_address(other) in before) == same
    for kept in ("127.0.0.1", "0.0.0.0", "255.255.255.0", "224.0.0.1", "169.254.1.1"):
        assert addresses.ip(kept) == kept
    assert addresses.ip("169.55.12.9") != "169.55.12.9"
    assert addresses.ip("::1") == "::1"
    assert addresses.ip("1.2.3") is None
    assert addresses.ip("2001:db8::5") == addresses.ip("2001:0db8:0::5") != "2001:db8::5"
    assert addresses.mac("AA-BB-CC-00-11-22") == "02-00-00-00-00-01"
    assert addresses.mac("aa:bb:cc:00:11:22") == "02:00:00:00:00:01"
    assert addresses.mac("00:00:00:00:00:00") == "00:00:00:00:00:00"
    assert Addresses(b"l" * 32).ip("10.1.2.3") != addresses.ip("10.1.2.3")


def test_words_in_texts() -> None:
    words = Words()
    for kind, name in (("host", "web-01"), ("vm", "Payroll of Smith"), ("vm", "web-01 old")):
        words.label(kind, name)
    words.domain("corp.acme.internal")
    told = {
        "web-01": "host-0001", "WEB-01x": "WEB-01x", "web-011": "web-011", "(web-01)": "(host-0001)",
        "web-01 old": "vm-0002", "x_web-01_y": "x_host-0001_y", "web-01.corp.acme.internal":
        "host-0001.domain-01.example", "Payroll of Smith's": "vm-0001's",
        "glibc-2.17-317.el7.x86_64": "glibc-2.17-317.el7.x86_64", "getty@tty1.service":
        "getty@tty1.service", "": "",
    }  # fmt: skip
    assert {text: words.text(text) for text in told} == told
    assert words.text("4.19.0.5", addresses=False) == "4.19.0.5"
    assert words.label("vm", "web-01") == "host-0001"
    assert words.text("bob@acme.internal") == "user-0001@domain-02.example"
    assert words.host_name("updates.xcp-ng.org") == "updates.xcp-ng.org"
