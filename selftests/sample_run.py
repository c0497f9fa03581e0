"""A run to report on: three hosts, twelve VMs, names as hostile as a pool allows."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from reports.ledger import Ledger, Planned, balance, plan
from reports.outcome import CheckInfo, ObjectClass, ObjectRef, Outcome, OutcomeWord, Severity
from reports.results import document
from reports.verdict import Verdict, judge

MARKUP = '"><img src=x onerror=alert(1)>'
HOSTILE = (
    MARKUP,
    "<script>document.title='owned'</script>",
    "two\nlines\r\n\tand a tab",
    "right \u202eot tfel\u202c mark",
    "nul\x00 esc\x1b[31m bell\x07",
    "half \ud83d surrogate",
    "日本語サーバー",
    "L" * 255,
)
STARTED = datetime(2026, 11, 23, 20, 15, 4, tzinfo=UTC)
POOL = ObjectRef("pool", "0f0b6c40-51ab-4d1f-9a59-f1c1c3f0b0aa", "Frankfurt production")
RUN: dict[str, Any] = {
    "tool": {"name": "poolproof", "version": "0.1.0", "python": "3.11.2"},
    "source": {"kind": "live", "address": "https://xs-01.example", "user": "auditor"},
    "pool": {"uuid": POOL.uuid, "name": POOL.name},
    "target": "xenserver-7.2",
    "target_name": "XenServer 7.2",
    "window": "2026-11-28T21:00:00Z",
    "phase": "before",
    "method": "rolling",
    "started": "2026-11-23T20:15:04Z",
    "ended": "2026-11-23T20:15:11Z",
    "command": ["pytest", "--pool=xs-01.example", "--target=xenserver-7.2"],
}
SETTINGS = [
    ("target", "xenserver-7.2", "command line"),
    ("max-backup-age", 7, "default"),
    ("method", "rolling", "poolproof.toml"),
    ("also-manages", [], "default"),
    ("thresholds", {"messages": 1000, "log_percent": 80}, "poolproof.toml"),
]
CALLS = {
    "VM.get_all_records": 1,
    "host.get_all_records": 1,
    "session.login_with_password": 1,
    "host.get_vms_which_prevent_evacuation": 3,
    "df -P -k / /boot": 3,
    "cat /etc/xensource-inventory": 3,
}
NOTES = (
    "waiver HOST-HCL-01:31c2 expired on 2026-10-01 and does not waive",
    "waiver VM-TOOLS-01:9999 is unused: no such object in this pool",
)


def uuid(kind: int, number: int) -> str:
    return f"{kind:04x}{number:04x}-b7c9-4e1f-8a11-{number:012x}"


def vm(number: int, name: str) -> ObjectRef:
    return ObjectRef("VM", uuid(2, number), name)


HOSTS = tuple(ObjectRef("host", uuid(1, number), f"xs-0{number}") for number in (1, 2, 3))
SRS = (
    ObjectRef("SR", uuid(3, 1), "NFS gold"),
    ObjectRef("SR", uuid(3, 2), "Local storage (xs-02)"),
)
PLAIN_NAMES = ("web-01", "web-02", "db-01", "build agent 7")
VMS = tuple(vm(number, name) for number, name in enumerate((*PLAIN_NAMES, *HOSTILE), start=1))
OBJECTS: dict[ObjectClass, tuple[ObjectRef, ...]] = {
    "pool": (POOL,),
    "host": HOSTS,
    "SR": SRS,
    "VM": VMS,
}


def check(id_: str, severity: Severity, class_: ObjectClass, title: str, remedy: str) -> CheckInfo:
    return CheckInfo(
        id=id_,
        severity=severity,
        object_class=class_,
        title=title,
        why="Members that differ can refuse each other's VMs half-way through a rolling upgrade.",
        source="Citrix, From the Field: XenServer 7.X Pool Upgrades, part 1.",
        remedy=remedy,
        risk="change; a restart may be asked for.",
        file=f"tests_{'host' if class_ == 'host' else 'pool'}/test_{id_.split('-')[1].lower()}.py",
    )


CHECKS = (
    check("POOL-HA-01", "blocker", "pool", "High availability is off.", "`xe pool-ha-disable`"),
    check("POOL-TRIAL-01", "warning", "pool", "The upgrade was tried.", "attest the trial"),
    check("HOST-LIVE-01", "blocker", "host", "Every host is live and enabled.", "`xe host-enable`"),
    check(
        "HOST-HOTFIX-01", "blocker", "host", "Equal hotfixes on every member.", "`xe patch-apply`"
    ),
    check("HOST-SPACE-01", "blocker", "host", "The root file system has room.", "make room"),
    check("HOST-HCL-01", "warning", "host", "The server is on the hardware list.", "`--hcl FILE`"),
    check(
        "POOL-STORAGE-01", "blocker", "SR", "Every storage is attached everywhere.", "`xe pbd-plug`"
    ),
    check("VM-AGILE-01", "blocker", "VM", "Every running VM can move.", "move its disks"),
    check("VM-BACKUP-01", "warning", "VM", "A young backup of every VM exists.", "`xe vm-export`"),
    check("VM-LOCAL-01", "blocker", "VM", "No running VM on local storage.", "`xe vm-shutdown`"),
    check("VM-TOOLS-01", "warning", "VM", "XenTools are present and current.", "install them"),
)


@dataclass(frozen=True)
class Sample:
    planned: tuple[Planned, ...]
    outcomes: tuple[Outcome, ...]
    ledger: Ledger
    verdict: Verdict
    results: dict[str, Any]


def answer(pair: Planned, word: OutcomeWord, **parts: Any) -> Outcome:
    return Outcome(pair.check, pair.severity, pair.object, word, **parts)


def _blocked(pair: Planned) -> Outcome:
    object_ = pair.object
    if pair.check == "HOST-HOTFIX-01":
        message = (
            f"host {object_.name}: hotfixes - expected: the coordinator's, "
            "found: XS72E006 and XS72E010 missing"
        )
        remedy = (
            "Apply what is missing, the coordinator first:\n"
            f"`xe update-apply uuid=1a2b3c4d-0006-4000-8000-00000000e006 host={object_.uuid}`\n"
            f"`xe update-apply uuid=1a2b3c4d-0010-4000-8000-00000000e010 host={object_.uuid}`"
        )
        evidence: dict[str, Any] = {
            "missing": ["XS72E006", "XS72E010"],
            "extra": [],
            "coordinator": {"uuid": HOSTS[0].uuid, "hotfixes": 12},
        }
    else:
        message = (
            f"VM {object_.name}: disks - expected: none on a local SR while it runs, "
            "found: xvda on Local storage (xs-02)"
        )
        remedy = f"Shut it down for the upgrade: `xe vm-shutdown uuid={object_.uuid}`"
        evidence = {
            "disk": "xvda",
            "sr": SRS[1].name,
            "virtual_size": 42949672960,
            "vm": object_.name,
        }
    return answer(pair, "blocked", message=message, remedy=remedy, evidence=evidence)


def outcome_of(pair: Planned) -> Outcome:
    object_ = pair.object
    if pair.check == "HOST-HOTFIX-01" and object_ is HOSTS[1]:
        return _blocked(pair)
    if pair.check == "VM-LOCAL-01" and object_.name in ("db-01", MARKUP):
        return _blocked(pair)
    if pair.check in ("HOST-SPACE-01", "HOST-HOTFIX-01") and object_ is HOSTS[2]:
        cause = "host xs-03: SSH refused the key of root, so its dom0 was not read"
        return answer(pair, "not-verified", cause=cause)
    if pair.check == "HOST-HCL-01":
        return answer(pair, "not-verified", cause="no hardware list was given: `--hcl FILE`")
    if pair.check == "VM-AGILE-01" and object_.name == "web-02":
        cause = "VM web-02: the SR of xvdb vanished between two calls"
        return answer(pair, "not-verified", cause=cause)
    if pair.check == "VM-BACKUP-01" and object_.name != "web-01":
        message = f"VM {object_.name}: backup - expected: younger than 7 days, found: none"
        return answer(pair, "warning", message=message, evidence={"snapshots": 0, "xva": []})
    if pair.check == "POOL-TRIAL-01":
        waiver = {
            "original": "warning",
            "owner": "j.doe",
            "approver": "a.smith",
            "reason": "tried on the twin pool in Berlin",
            "ticket": "CHG-1042",
            "measure": "a spare server stands by",
            "why_all": "",
            "until": "2026-12-31",
        }
        message = f"pool {POOL.name}: trial - expected: attested, found: no answer"
        return answer(pair, "waived", message=message, waiver=waiver)
    if pair.check == "VM-TOOLS-01" and object_.name == "build agent 7":
        return answer(pair, "not-applicable", cause="the VM is halted")
    return answer(pair, "pass", evidence={"expected": True, "found": True})


def sample(**changes: Any) -> Sample:
    """The run; `drop` leaves out the outcomes of a check, `deselected` are finding keys."""
    planned = plan(CHECKS, OBJECTS, pool=POOL)
    outcomes = tuple(outcome_of(pair) for pair in planned if pair.check != changes.get("drop"))
    if changes.get("clean"):
        outcomes = tuple(
            replace(one, outcome="pass", cause="", waiver=None, message="") for one in outcomes
        )
    return close(planned, outcomes, changes.get("deselected", ()))


def close(
    planned: tuple[Planned, ...],
    outcomes: tuple[Outcome, ...],
    deselected: Any = (),
    checks: tuple[CheckInfo, ...] = CHECKS,
) -> Sample:
    ledger = balance(checks, planned, outcomes, deselected)
    verdict = judge(outcomes, ledger)
    results = document(
        run=RUN, checks=checks, ledger=ledger, verdict=verdict, notes=NOTES, outcomes=outcomes
    )
    return Sample(planned, outcomes, ledger, verdict, results)


def large(vms: int) -> Sample:
    """A run over many VMs, nearly all of which pass."""
    objects = {**OBJECTS, "VM": tuple(vm(number, f"vm-{number}") for number in range(vms))}
    planned = plan(CHECKS, objects, pool=POOL)
    return close(planned, tuple(outcome_of(pair) for pair in planned))
