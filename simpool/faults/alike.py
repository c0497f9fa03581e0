"""Hosts of one pool that are not alike: packs, editions, directories."""

from simpool.builder import host
from simpool.data import SimPool
from simpool.faults.fault import Fault


def _install_a_pack_on_one(pool: SimPool) -> None:
    packs = host(pool, "xen-02")["software_version"]
    packs["acme:agent"] = "Acme agent, version 2.1, homogeneous"


def _have_another_build_of_a_pack(pool: SimPool) -> None:
    for record in pool.records["host"].values():
        record["software_version"]["acme:agent"] = "Acme agent, version 2.1"
    host(pool, "xen-03")["software_version"]["acme:agent"] = "Acme agent, version 2.0"


def _install_the_linux_pack_on_one(pool: SimPool) -> None:
    packs = host(pool, "old-02")["software_version"]
    packs["xs:linux"] = "XenServer Linux Pack, version 6.5.0, build 90233c"


def _license_one_otherwise(pool: SimPool) -> None:
    host(pool, "xen-03")["edition"] = "standard-per-socket"


def _lose_an_edition(pool: SimPool) -> None:
    del host(pool, "xen-02")["edition"]


def _join_one_to_a_domain(pool: SimPool) -> None:
    host(pool, "xen-02").update(external_auth_type="AD", external_auth_service_name="corp.example")


def _join_two_domains(pool: SimPool) -> None:
    for record in pool.records["host"].values():
        record.update(external_auth_type="AD", external_auth_service_name="corp.example")
    host(pool, "xen-03")["external_auth_service_name"] = "lab.example"


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-HOTFIX-01",
        change=_install_a_pack_on_one,
        on="xen-02",
        finds=(
            "host xen-02: hotfixes - expected: the coordinator's, "
            "found: extra acme:agent (Acme agent, version 2.1, homogeneous)"
        ),
        tells=("xencenter-join-supplemental-packs",),
    ),
    Fault(
        check="HOST-HOTFIX-01",
        change=_have_another_build_of_a_pack,
        on="xen-03",
        finds=(
            "host xen-03: hotfixes - expected: the coordinator's, found: missing acme:agent "
            "(Acme agent, version 2.1); extra acme:agent (Acme agent, version 2.0)"
        ),
        outcome="warning",
        tells=("xencenter-join-supplemental-packs",),
    ),
    Fault(
        check="HOST-HOTFIX-01",
        change=_install_the_linux_pack_on_one,
        on="old-02",
        finds=(
            "host old-02: hotfixes - expected: the coordinator's, "
            "found: extra xs:linux (XenServer Linux Pack, version 6.5.0, build 90233c)"
        ),
        outcome="warning",
        tells=("xencenter-join-linux-pack",),
        pool="xs65",
    ),
    Fault(
        check="HOST-EDITION-01",
        change=_license_one_otherwise,
        on="xen-03",
        finds=(
            "host xen-03: edition - expected: the coordinator's (enterprise-per-socket), "
            "found: standard-per-socket"
        ),
        loss=_lose_an_edition,
        cause="edition is missing",
        outcome="warning",
        needs=("host.edition",),
        tells=("xencenter-join-edition",),
    ),
    Fault(
        check="POOL-AD-01",
        change=_join_one_to_a_domain,
        on="default",
        finds=(
            "pool default: Active Directory - expected: logins survive, "
            "found: only xen-02 joined, or to several domains (corp.example)"
        ),
        outcome="warning",
        tells=("xencenter-join-directory",),
    ),
    Fault(
        check="POOL-AD-01",
        change=_join_two_domains,
        on="default",
        finds=(
            "pool default: Active Directory - expected: logins survive, found: only xen-01, "
            "xen-02, xen-03 joined, or to several domains (corp.example, lab.example)"
        ),
        outcome="warning",
        tells=("xencenter-join-directory",),
    ),
)
