"""What a whole pool uses and the target treats otherwise."""

from simpool.builder import add_record, find, host, pool_record
from simpool.data import SimPool
from simpool.faults.fault import Fault


def _cluster(pool: SimPool) -> None:
    add_record(pool, "Cluster", "cluster", {"cluster_stack": "corosync"})


def _lose_clusters(pool: SimPool) -> None:
    del pool.records["Cluster"]


def _control_switches(pool: SimPool) -> None:
    add_record(pool, "SDN_controller", "dvsc", {"address": "192.0.2.77", "port": 6632})


def _lose_controllers(pool: SimPool) -> None:
    del pool.records["SDN_controller"]


def _join_a_domain(pool: SimPool) -> None:
    for record in pool.records["host"].values():
        record.update(external_auth_type="AD", external_auth_service_name="corp.example")


def _lose_joins(pool: SimPool) -> None:
    del host(pool, "xen-02")["external_auth_type"]


def _stop_verifying(pool: SimPool) -> None:
    find(pool, "host", "xcp-02")[1]["tls_verification_enabled"] = False


def _lose_verification(pool: SimPool) -> None:
    del pool_record(pool)["tls_verification_enabled"]


def _install_a_certificate(pool: SimPool) -> None:
    add_record(pool, "Certificate", "corp", {"name": "corp-root.pem", "type": "ca"})


def _lose_certificates(pool: SimPool) -> None:
    del pool.records["Certificate"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-CLUSTER-01",
        change=_cluster,
        on="xcpng83",
        finds=(
            "pool xcpng83: clustering - expected: none that the target refuses, found: 1 clusters, "
            "0 members; XCP-ng 8.3: xapi does not start after the upgrade while its database has "
            "cluster records"
        ),
        loss=_lose_clusters,
        cause="Cluster records are not known",
        needs=("Cluster", "Cluster_host"),
        tells=("story-41", "xencenter-P09"),
        pool="xcpng83",
    ),
    Fault(
        check="POOL-VSWITCH-01",
        change=_control_switches,
        on="default",
        finds=(
            "pool default: networking - expected: no controller, found: vSwitch controller "
            "192.0.2.77; XenServer 8: it has no vSwitch controller, no legacy SSL and no host "
            "power-on by iLO any more, and the vendor refuses an upgrade with them on"
        ),
        loss=_lose_controllers,
        cause="SDN_controller records are not known",
        needs=("SDN_controller",),
        tells=("story-53", "xencenter-P02"),
        settings={"target": "xenserver-8"},
    ),
    Fault(
        check="POOL-AD-01",
        change=_join_a_domain,
        on="default",
        finds=(
            "pool default: Active Directory - expected: logins survive, found: corp.example; "
            "XCP-ng 8.3: logins through Active Directory are lost until the pool joins again: PBIS "
            "is replaced by winbind and nothing is converted"
        ),
        loss=_lose_joins,
        cause="external_auth_type is missing",
        outcome="warning",
        needs=("host.external_auth_type",),
        tells=("story-52",),
        settings={"target": "xcp-ng-8.3"},
    ),
    Fault(
        check="POOL-TLS-01",
        change=_stop_verifying,
        on="xcpng83",
        finds=(
            "pool xcpng83: TLS verification - expected: the same on all hosts, found: otherwise on "
            "xcp-02"
        ),
        loss=_lose_verification,
        cause="tls_verification_enabled is missing",
        outcome="warning",
        needs=("pool.tls_verification_enabled", "host.tls_verification_enabled"),
        tells=("story-44",),
        pool="xcpng83",
    ),
    Fault(
        check="POOL-CERTIFICATES-01",
        change=_install_a_certificate,
        on="xcpng83",
        finds=(
            "pool xcpng83: CA certificates - expected: all with a SHA-256 fingerprint, "
            "found: none on corp-root.pem"
        ),
        loss=_lose_certificates,
        cause="Certificate records are not known",
        outcome="warning",
        needs=("Certificate",),
        tells=("story-45",),
        pool="xcpng83",
    ),
)
