"""Services that do not run, and certificates that a dom0 does not trust or trusts beside."""

from rules.listening import LISTENING
from rules.services import SERVICES
from rules.trust import ANCHORS, ANCHORS_PATH, BUNDLE_PATH, POOL_CERTIFICATES
from simpool.builder import host
from simpool.data import CannedAnswer, SimPool
from simpool.dom0_trust import listening, service
from simpool.faults.fault import Fault

_DEADLINE = "did not end within its deadline"


def _stop_a_service(pool: SimPool) -> None:
    _reword(pool, service("xenopsd-xc"), service("xenopsd-xc", "failed"))


def _stop_the_proxy(pool: SimPool) -> None:
    said = CannedAnswer(listening(22, 80))
    pool.dom0[host(pool, "xen-02")["uuid"]][LISTENING.command] = said


def _hang_over_ports(pool: SimPool) -> None:
    pool.dom0[host(pool, "xen-01")["uuid"]][LISTENING.command] = CannedAnswer(hang=True)


def _fail_a_service(pool: SimPool) -> None:
    _reword(pool, service("crond"), service("crond", "failed"))


def _forget_a_service(pool: SimPool) -> None:
    _reword(pool, f"{service('xcp-networkd')}\n", "")


def _add_a_service(pool: SimPool) -> None:
    answers = pool.dom0[host(pool, "xen-02")["uuid"]]
    mine = service("backup-agent", folder="/etc/systemd/system")
    answers[SERVICES.command] = CannedAnswer(f"{answers[SERVICES.command].stdout}\n{mine}")


def _hang_over_services(pool: SimPool) -> None:
    pool.dom0[host(pool, "xen-01")["uuid"]][SERVICES.command] = CannedAnswer(hang=True)


def _reword(pool: SimPool, before: str, after: str) -> None:
    answers = pool.dom0[host(pool, "xen-02")["uuid"]]
    answers[SERVICES.command] = CannedAnswer(
        answers[SERVICES.command].stdout.replace(before, after)
    )


def _empty_the_bundle(pool: SimPool) -> None:
    answers = pool.dom0[host(pool, "xcp-02")["uuid"]]
    lines = answers[POOL_CERTIFICATES.command].stdout.splitlines(keepends=True)
    said = "".join(line for line in lines if not line.endswith(f" {BUNDLE_PATH}\n"))
    answers[POOL_CERTIFICATES.command] = CannedAnswer(f"0 {BUNDLE_PATH}\n{said}")


def _make_no_bundle(pool: SimPool) -> None:
    gone = f"find: '{BUNDLE_PATH}': No such file or directory\n"
    answers = pool.dom0[host(pool, "xcp-02")["uuid"]]
    answers[POOL_CERTIFICATES.command] = CannedAnswer("done\n", gone)


def _hang_over_bundle(pool: SimPool) -> None:
    pool.dom0[host(pool, "xcp-01")["uuid"]][POOL_CERTIFICATES.command] = CannedAnswer(hang=True)


def _add_an_authority(pool: SimPool) -> None:
    said = CannedAnswer(f"2041 {ANCHORS_PATH}/proxy-ca.crt\ndone\n")
    pool.dom0[host(pool, "xen-02")["uuid"]][ANCHORS.command] = said


def _add_it_everywhere(pool: SimPool) -> None:
    for answers in pool.dom0.values():
        answers[ANCHORS.command] = CannedAnswer(f"2041 {ANCHORS_PATH}/proxy-ca.crt\ndone\n")


def _hang_over_authorities(pool: SimPool) -> None:
    pool.dom0[host(pool, "xen-03")["uuid"]][ANCHORS.command] = CannedAnswer(hang=True)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-SERVICES-01",
        change=_stop_a_service,
        on="xen-02",
        finds=(
            "host xen-02: services - expected: the toolstack running and none failed, "
            "found: xenopsd-xc (failed)"
        ),
        loss=_hang_over_services,
        cause=_DEADLINE,
        needs=("host.software_version",),
        outcome="warning",
        tells=("story-49",),
    ),
    Fault(
        check="HOST-SERVICES-01",
        change=_forget_a_service,
        on="xen-02",
        finds=(
            "host xen-02: services - expected: the toolstack running and none failed, "
            "found: xcp-networkd (not loaded)"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-SERVICES-01",
        change=_fail_a_service,
        on="xen-02",
        finds=(
            "host xen-02: services - expected: the toolstack running and none failed, "
            "found: crond (failed)"
        ),
        outcome="info",
    ),
    Fault(
        check="HOST-SERVICES-03",
        change=_stop_the_proxy,
        on="xen-02",
        finds="host xen-02: TLS proxy - expected: listening on port 443, found: not",
        loss=_hang_over_ports,
        cause=_DEADLINE,
        outcome="warning",
        tells=("story-49",),
    ),
    Fault(
        check="HOST-SERVICES-02",
        change=_add_a_service,
        on="xen-02",
        finds="host xen-02: added services - expected: none, found: backup-agent",
        loss=_hang_over_services,
        cause=_DEADLINE,
        needs=("host.software_version",),
        outcome="info",
    ),
    Fault(
        check="HOST-CABUNDLE-01",
        change=_empty_the_bundle,
        on="xcp-02",
        finds=(
            "host xcp-02: certificates of the pool - expected: a bundle with one of every member, "
            "found: an empty bundle"
        ),
        loss=_hang_over_bundle,
        cause=_DEADLINE,
        needs=("host.tls_verification_enabled", "host.uuid"),
        outcome="warning",
        pool="xcpng83",
        tells=("story-43",),
    ),
    Fault(
        check="HOST-CABUNDLE-01",
        change=_make_no_bundle,
        on="xcp-02",
        finds=(
            "host xcp-02: certificates of the pool - expected: a bundle with one of every member, "
            "found: no bundle, no certificate of xcp-01, no certificate of xcp-02"
        ),
        outcome="warning",
        pool="xcpng83",
    ),
    Fault(
        check="HOST-CABUNDLE-02",
        change=_add_an_authority,
        on="xen-02",
        finds=(
            "host xen-02: added CA certificates - expected: none, or as on the coordinator xen-01, "
            "found: proxy-ca.crt only here"
        ),
        loss=_hang_over_authorities,
        cause=_DEADLINE,
        needs=("pool.master",),
        outcome="warning",
    ),
    Fault(
        check="HOST-CABUNDLE-02",
        change=_add_it_everywhere,
        on="xen-02",
        finds=(
            "host xen-02: added CA certificates - expected: none, or as on the coordinator xen-01, "
            "found: proxy-ca.crt"
        ),
        outcome="info",
    ),
)
