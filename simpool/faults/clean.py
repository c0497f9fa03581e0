"""What stands in the way of a clean installation, host by host."""

from simpool.builder import add_disk, find, host
from simpool.data import SimPool
from simpool.faults.fault import Fault

_CLEAN = {"method": "clean"}


def _forget_a_disk_on_a_local_sr(pool: SimPool) -> None:
    add_disk(pool, "scratch", "Local storage of xen-03", 12)


def _lose_connections(pool: SimPool) -> None:
    for record in pool.records["PBD"].values():
        del record["SR"]


def _join_a_domain(pool: SimPool) -> None:
    for record in pool.records["host"].values():
        record.update(external_auth_type="AD", external_auth_service_name="corp.example")


def _lose_licences(pool: SimPool) -> None:
    del host(pool, "xen-02")["license_params"]


def _rename_a_network(pool: SimPool) -> None:
    find(pool, "network", "Servers")[1]["name_label"] = "Servers, third floor"


def _lose_networks_there(pool: SimPool) -> None:
    pool.inputs["destination"]["classes"]["network"]["state"] = "unread"


def _share_an_sr(pool: SimPool) -> None:
    classes = pool.inputs["destination"]["classes"]
    for record in classes["SR"]["records"].values():
        if record["name_label"] == "Fibre Channel":
            record["uuid"] = find(pool, "SR", "Fibre Channel")[1]["uuid"]


def _lose_srs_there(pool: SimPool) -> None:
    pool.inputs["destination"]["classes"]["SR"]["state"] = "unread"


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-EJECT-01",
        change=_forget_a_disk_on_a_local_sr,
        on="xen-03",
        finds=(
            "host xen-03: ejection - expected: loses nothing, found: images that would be erased (1): "
            "scratch on SR Local storage of xen-03"
        ),
        loss=_lose_connections,
        cause="SR is missing",
        needs=("PBD.SR", "PBD.host", "SR.shared", "VDI.SR", "PBD", "SR", "VDI"),
        settings=_CLEAN,
    ),
    Fault(
        check="HOST-REJOIN-01",
        change=_join_a_domain,
        on="xen-03",
        finds=(
            "host xen-03: return to the pool - expected: nothing in the way, "
            "found: it has to join the domain corp.example again before"
        ),
        loss=_lose_licences,
        cause="license_params is missing",
        outcome="warning",
        needs=("host.license_params", "host.external_auth_type"),
        settings=_CLEAN,
    ),
    Fault(
        check="VM-MOVE-01",
        change=_rename_a_network,
        on="files",
        finds=(
            "VM files: move to pool ch82 - expected: possible, "
            "found: no network is called Servers, third floor"
        ),
        loss=_lose_networks_there,
        cause="network records are not known",
        needs=("VM.uuid", "VDI.virtual_size", "VM.memory_overhead", "network.name_label"),
        pool="moving",
    ),
    Fault(
        check="SR-TWO-POOLS-01",
        change=_share_an_sr,
        on="Fibre Channel",
        finds=(
            "SR Fibre Channel: attached - expected: in one pool, found: also in pool ch82, on "
            "ch-01, ch-02, ch-03"
        ),
        loss=_lose_srs_there,
        cause="SR records are not known",
        needs=("SR.uuid", "PBD.currently_attached", "PBD.SR"),
        pool="moving",
    ),
)
