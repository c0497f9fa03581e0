"""What can be wrong with the packages of a dom0 and with the pool's hotfixes."""

from fixtures.probes import PACKAGES, PATCHES, UPDATES, Probe
from rules.added_by_hand import CRONTABS
from rules.foreign_packages import TRANSACTIONS
from rules.repositories import REPOSITORIES
from rules.update_locks import LOCKS
from simpool.builder import add_hotfix, find, host
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault

_DEADLINE = "did not end within its deadline"


def _answer(pool: SimPool, name: str, probe: Probe, answer: CannedAnswer) -> None:
    pool.dom0[host(pool, name)["uuid"]][probe.command] = answer


def _add_package(pool: SimPool, name: str, line: str) -> None:
    known = pool.dom0[host(pool, name)["uuid"]][PACKAGES.command].stdout
    _answer(pool, name, PACKAGES, CannedAnswer(f"{known}{line}\n"))


def _install_an_agent(pool: SimPool) -> None:
    _add_package(pool, "xen-02", "htop\t(none)\t2.2.0\t3.el7\tx86_64\tFedora Project")


def _hang_over_packages(pool: SimPool) -> None:
    _answer(pool, "xen-02", PACKAGES, CannedAnswer(hang=True))


def _enable_epel(pool: SimPool) -> None:
    known = pool.dom0[host(pool, "xen-03")["uuid"]][REPOSITORIES.command].stdout
    epel = "/etc/yum.repos.d/epel.repo:[epel]\n/etc/yum.repos.d/epel.repo:enabled=1\n"
    _answer(
        pool, "xen-03", REPOSITORIES, CannedAnswer(known.removesuffix("done\n") + epel + "done\n")
    )


def _hang_over_repositories(pool: SimPool) -> None:
    _answer(pool, "xen-03", REPOSITORIES, CannedAnswer(hang=True))


def _cut_off_an_update(pool: SimPool) -> None:
    _add_package(pool, "xen-02", "sed\t(none)\t4.2.2\t6.el7\tx86_64\tCentOS")


def _leave_a_transaction(pool: SimPool) -> None:
    left = "transaction-all.2026-11-02.09:14.07\n"
    _answer(pool, "xen-03", TRANSACTIONS, CannedAnswer(f"{left}done\n"))


def _hang_over_transactions(pool: SimPool) -> None:
    _answer(pool, "xen-02", TRANSACTIONS, CannedAnswer(hang=True))


def _upload_a_hotfix(pool: SimPool) -> None:
    add_hotfix(pool, "XS71E004", hosts=())


def _lose_updates(pool: SimPool) -> None:
    del host(pool, "xen-03")["updates"]


def _take_a_hotfix_from_one(pool: SimPool) -> None:
    ref, _ = find(pool, "pool_update", "XS72E001")
    host(pool, "xen-03")["updates"].remove(ref)


def _lose_the_files_of_a_hotfix(pool: SimPool) -> None:
    _, update = find(pool, "pool_update", "XS72E001")
    known = pool.dom0[host(pool, "xen-03")["uuid"]][UPDATES.command].stdout
    _answer(pool, "xen-03", UPDATES, CannedAnswer(known.replace(f"{update['uuid']}\n", "")))


def _hang_over_updates(pool: SimPool) -> None:
    _answer(pool, "xen-03", UPDATES, CannedAnswer(hang=True))


def _add_a_pack(pool: SimPool) -> None:
    for record in pool.records["host"].values():
        record["software_version"]["intel:ixgbe"] = "Intel ixgbe, version 5.3.7"


def _add_containers(pool: SimPool) -> None:
    add_hotfix(pool, "xscontainer-7.2")


def _leave_a_lock(pool: SimPool) -> None:
    left = "/var/lib/xcp-ng-xapi-plugins/updater.py.lock\n"
    _answer(pool, "xcp-02", LOCKS, CannedAnswer(f"{left}done\n"))


def _hang_over_locks(pool: SimPool) -> None:
    _answer(pool, "xcp-02", LOCKS, CannedAnswer(hang=True))


def _miss_the_wizards_hotfix(pool: SimPool) -> None:
    ref, _ = find(pool, "pool_update", "RPU005")
    for record in pool.records["host"].values():
        record["updates"].remove(ref)


def _lose_updates_of_82(pool: SimPool) -> None:
    del host(pool, "ch-02")["updates"]


def _schedule_a_script(pool: SimPool) -> None:
    tables = "/etc/cron.d/0hourly\n/var/spool/cron/root\ndone\n"
    _answer(pool, "xen-01", CRONTABS, CannedAnswer(tables))


def _hang_over_crontabs(pool: SimPool) -> None:
    _answer(pool, "xen-01", CRONTABS, CannedAnswer(hang=True))


def _keep_an_old_xenopsd(pool: SimPool) -> None:
    dom0 = pool.dom0[host(pool, "xcp-02")["uuid"]]
    known = dom0[PACKAGES.command].stdout
    older = known.replace("xenopsd\t(none)\t0.26.0\t", "xenopsd\t(none)\t0.25.0\t")
    dom0[PACKAGES.command] = CannedAnswer(older)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-FOREIGN-01",
        change=_install_an_agent,
        on="xen-02",
        finds=(
            "host xen-02: packages - expected: the vendor's alone, "
            "found: htop-2.2.0-3.el7 (Fedora Project)"
        ),
        loss=_hang_over_packages,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-37",),
    ),
    Fault(
        check="HOST-REPOS-01",
        change=_enable_epel,
        on="xen-03",
        finds=("host xen-03: repositories - expected: the vendor's alone enabled, found: epel"),
        loss=_hang_over_repositories,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-70",),
    ),
    Fault(
        check="HOST-RPM-01",
        change=_cut_off_an_update,
        on="xen-02",
        finds=("host xen-02: package updates - expected: complete, found: installed twice: sed"),
        loss=_hang_over_transactions,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-34",),
    ),
    Fault(
        check="HOST-RPM-01",
        change=_leave_a_transaction,
        on="xen-03",
        finds=(
            "host xen-03: package updates - expected: complete, "
            "found: unfinished: transaction-all.2026-11-02.09:14.07"
        ),
        outcome="warning",
        tells=("story-72",),
    ),
    Fault(
        check="HOST-HOTFIX-01",
        change=_install_an_agent,
        on="xen-02",
        finds=(
            "host xen-02: hotfixes - expected: the coordinator's, "
            "found: packages extra htop-2.2.0-3.el7.x86_64"
        ),
        outcome="warning",
        tells=("story-75",),
    ),
    Fault(
        check="POOL-HOTFIX-01",
        needs=("host.software_version", "host.updates", "pool_update.uuid", "pool_update"),
        change=_upload_a_hotfix,
        on="default",
        finds="pool default: updates - expected: each on all hosts, found: XS71E004 on no host",
        loss=_lose_updates,
        cause="updates is missing",
        outcome="warning",
        tells=("story-73",),
    ),
    Fault(
        check="POOL-HOTFIX-01",
        change=_take_a_hotfix_from_one,
        on="default",
        finds=(
            "pool default: updates - expected: each on all hosts, found: XS72E001 on 2 of 3 hosts"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-HOTFIX-02",
        # Only hosts up to 7.0 keep their hotfixes there.
        spare=(PATCHES,),
        needs=("host.software_version", "host.updates", "pool_update"),
        change=_lose_the_files_of_a_hotfix,
        on="xen-03",
        finds=(
            "host xen-03: applied updates - expected: in dom0 as in xapi, "
            "found: not in dom0 XS72E001"
        ),
        loss=_hang_over_updates,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-74",),
    ),
    Fault(
        check="HOST-PACKS-01",
        needs=("host.software_version", "host.updates", "pool_update"),
        change=_add_a_pack,
        on="xen-02",
        finds=(
            "host xen-02: supplemental packs - expected: none that the upgrade takes away, "
            "found: intel:ixgbe (Intel ixgbe, version 5.3.7)"
        ),
        loss=_lose_updates,
        cause="updates is missing",
        outcome="warning",
        tells=("story-71",),
    ),
    Fault(
        check="HOST-PACKS-01",
        change=_add_containers,
        on="xen-01",
        finds=(
            "host xen-01: supplemental packs - expected: none that the upgrade takes away, "
            "found: the container management pack is there; Citrix Hypervisor 8.2 CU1: the pack "
            "is removed by the upgrade and guests get their tools otherwise"
        ),
        outcome="warning",
        settings={"target": "citrix-hypervisor-8.2-cu1"},
        tells=("xencenter-P05",),
    ),
    Fault(
        check="HOST-UPDATER-01",
        change=_leave_a_lock,
        on="xcp-02",
        finds=(
            "host xcp-02: update locks - expected: none held, "
            "found: /var/lib/xcp-ng-xapi-plugins/updater.py.lock"
        ),
        loss=_hang_over_locks,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-76",),
        pool="xcpng83",
    ),
    Fault(
        check="HOST-RPUHOTFIX-01",
        needs=("host.software_version", "host.updates", "pool_update.uuid", "pool_update"),
        change=_miss_the_wizards_hotfix,
        on="ch-02",
        finds=(
            "host ch-02: hotfix RPU005 - expected: applied, found: missing "
            "(38a7eeeb-31ec-4de3-934f-13929ad3e339)"
        ),
        loss=_lose_updates_of_82,
        cause="updates is missing",
        outcome="warning",
        tells=("xencenter-H02",),
        pool="ch82",
    ),
    Fault(
        check="HOST-CUSTOM-01",
        change=_schedule_a_script,
        on="xen-01",
        finds=(
            "host xen-01: scheduled work - expected: the platform's own, "
            "found: /var/spool/cron/root"
        ),
        loss=_hang_over_crontabs,
        cause=_DEADLINE,
        outcome="info",
    ),
    Fault(
        check="HOST-HOTFIX-01",
        change=_keep_an_old_xenopsd,
        on="xcp-02",
        finds=(
            "host xcp-02: hotfixes - expected: the coordinator's, found: packages "
            "missing xenopsd-0.26.0-1.x86_64; extra xenopsd-0.25.0-1.x86_64"
        ),
        tells=("story-11",),
        pool="xcpng83",
    ),
    Fault(
        check="HOST-HOTFIX-01",
        change=_keep_an_old_xenopsd,
        on="xcp-02",
        finds=(
            "host xcp-02: hotfixes - expected: the coordinator's, found: packages "
            "missing xenopsd-0.26.0-1.x86_64; extra xenopsd-0.25.0-1.x86_64"
        ),
        tells=("story-82",),
        pool="xcpng83",
        settings={"phase": "after"},
    ),
)
