"""A run over 64 hosts and 5,000 VMs with 60,000 outcomes, as a page has to bear it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from reports.ledger import Planned, plan
from reports.outcome import CheckInfo, ObjectClass, ObjectRef, Outcome, Severity
from reports.picture_backups import backups
from reports.picture_data import PictureData, matrix
from reports.picture_disks import HostLayout, HostUsage, Piece
from reports.picture_hotfixes import Hotfixes
from reports.picture_memory import HostMemory, Share, WithoutHost
from reports.picture_order import Step
from rules.file_systems import Usage
from rules.partition_table import GIB, MIB
from selftests.sample_run import POOL, Sample, answer, close, uuid

HOSTS = tuple(ObjectRef("host", uuid(1, n), f"fra1-rack{n // 16 + 1}-xs{n:02}") for n in range(64))
VMS = tuple(
    ObjectRef("VM", uuid(2, n), f"app-{n * 7919 % 100_000:05}.prod.fra1") for n in range(5000)
)
SRS = tuple(ObjectRef("SR", uuid(3, n), f"NetApp volume {n:02}") for n in range(24))
_NOW = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
_KINDS: tuple[tuple[ObjectClass, int], ...] = (("host", 73), ("pool", 37), ("SR", 11), ("VM", 11))


def checks() -> tuple[CheckInfo, ...]:
    """As many checks of each class as there really are."""
    return tuple(
        CheckInfo(
            id=f"{class_.upper()}-TOPIC{number:02}-01",
            severity=_severity(number),
            object_class=class_,
            title=f"What is number {number} of {class_} is as an upgrade needs it.",
            why="An upgrade that meets this stops half-way, when the host is out of service.",
            source="Citrix, From the Field: XenServer 7.X Pool Upgrades, part 1; xapi, ocaml/xapi.",
            remedy="`xe vm-shutdown uuid=...`, or move its disks to shared storage first.",
            risk="VM outage",
            file=f"tests_pool/test_{class_.lower()}.py",
            function=f"test_topic_{number}",
        )
        for class_, most in _KINDS
        for number in range(most)
    )


def _severity(number: int) -> Severity:
    return "warning" if number % 3 == 0 else "blocker"


def run(failing: int = 30) -> Sample:
    """The run: what passes, nine of ten, has evidence of its own; `failing` of a thousand fail."""
    objects: dict[ObjectClass, Any] = {"pool": (POOL,), "host": HOSTS, "SR": SRS, "VM": VMS}
    planned = plan(checks(), objects, pool=POOL)
    return close(
        planned, tuple(_outcome(pair, n, failing) for n, pair in enumerate(planned)), (), checks()
    )


def _outcome(pair: Planned, number: int, failing: int) -> Outcome:
    dice = number * 2654435761 % 1000
    name = pair.object.name
    if dice < failing:
        message = (
            f"{pair.object.class_} {name}: disks - expected: none on a local SR while it runs, "
            f"found: xvda ({dice} GiB) on Local storage of {HOSTS[dice % 64].name}"
        )
        word: Any = "blocked" if pair.severity == "blocker" and dice < failing // 3 else "warning"
        remedy = f"Shut it down: `xe vm-shutdown uuid={pair.object.uuid}`"
        severity = pair.severity if word == "blocked" else "warning"
        evidence = {"disk": "xvda", "size": dice << 30, "sr": "Local storage"}
        found = answer(pair, word, message=message, remedy=remedy, evidence=evidence)
        return Outcome(**{**_fields(found), "severity": severity})
    if dice < failing + 15:
        host = HOSTS[number % 8].name
        cause = f"host {host}: SSH refused the key of root, so its dom0 was not read"
        return answer(pair, "not-verified", cause=cause)
    if dice < failing + 80:
        return answer(pair, "not-applicable", cause="the VM is halted")
    evidence = {"power_state": "Running", "disks": dice % 7, "memory_mib": number, "limit": 8192}
    return answer(pair, "pass", evidence=evidence)


def quiet_vm(sample: Sample) -> str:
    """The name of the last VM of which nothing is said but in folded lists."""
    loud = {one.object.name for one in sample.outcomes if one.outcome in ("blocked", "warning")}
    return next(vm.name for vm in reversed(VMS) if vm.name not in loud)


def _fields(one: Outcome) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Outcome.__dataclass_fields__}


def picture_data(sample: Sample) -> PictureData:
    """What would be drawn of such a pool."""
    names = [host.name for host in HOSTS]
    pieces = (
        Piece("log", 5, MIB, 4 * GIB),
        Piece("backup", 2, 4097 * MIB, 18 * GIB),
        Piece("root", 1, 22529 * MIB, 18 * GIB),
        Piece("boot", 4, 40961 * MIB, 512 * MIB),
        Piece("swap", 6, 41473 * MIB, GIB),
        Piece("storage", 3, 42497 * MIB, 400 * GIB),
    )
    layout = HostLayout(480 * GIB, "new (D) layout", pieces, pieces, "kept")
    full = HostUsage(
        tuple(Usage("/dev/sda1", 18 << 20, 9 << 20, 9 << 20, p) for p in ("/", "/var/log"))
    )
    shares = tuple(Share(name, 2, 20 * GIB, 64 * GIB) for name in names[1:])
    days = timedelta(days=7)
    return PictureData(
        target="XenServer 8",
        matrix=matrix(sample.results, names),
        memory=tuple((n, HostMemory(512 * GIB, 8 * GIB, 440 * GIB, 64 * GIB, 80)) for n in names),
        without=tuple((n, WithoutHost(80, 440 * GIB, 4000 * GIB, shares, ())) for n in names),
        layouts=tuple((n, layout) for n in names),
        usage=tuple((n, full) for n in names),
        hotfixes=Hotfixes(tuple(names), 40, (("XS82E001", (True,) * 63 + (False,)),), (), ()),
        backups=backups({"outcomes": [_backup(n) for n in range(5000)]}, _NOW, days),
        order=tuple(Step(n, n == names[0], 80, 440 * GIB, 1, 0, 2, 0) for n in names),
    )


def _backup(number: int) -> dict[str, Any]:
    when = (_NOW - timedelta(hours=number % 300)).isoformat()
    return {"check": "VM-BACKUP-01", "outcome": "pass", "evidence": {"all": [{"when": when}]}}
