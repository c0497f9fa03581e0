"""Adds hotfixes and updates to a simulated pool, as its release records them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from fixtures.raw import Ref
from simpool.data import SimPool
from simpool.dom0_answers import Dom0Answers
from simpool.records import MIB, NULL, add_record, host_names, identity, ref_of


def add_hotfix(
    pool: SimPool,
    name: str,
    *,
    hosts: Iterable[str] | None = None,
    guidance: Iterable[str] = ("restartHost",),
    applied: datetime | None = None,
    requires_reboot: bool = False,
    uuid: str = "",
) -> Ref:
    """Add a hotfix that was applied to hosts; returns its pool_patch (up to 7.0) or pool_update.

    Args:
        pool: where to.
        name: e.g. `XS72E005`.
        hosts: names of the hosts that carry it; None is all of them.
        guidance: what has to follow: `restartHost`, `restartXAPI`, `restartHVM`, `restartPV`.
        applied: when; 120 days ago, before the hosts' last boot, when not stated.
        requires_reboot: whether its hosts still wait for their reboot (7.1 and later).
        uuid: the vendor's, where it matters.
    """
    names = host_names(pool) if hosts is None else hosts
    on = [(host, ref_of(pool, "host", host)) for host in names]
    when = applied or pool.now - timedelta(days=120)
    update, uuid = NULL, uuid or identity(pool, f"hotfix/{name}")
    if "pool_update" in pool.records:
        update = _add_update(pool, name, uuid, tuple(guidance))
        for _, host in on:
            record = pool.records["host"][host]
            record["updates"].append(update)
            if requires_reboot:
                record["updates_requiring_reboot"].append(update)
    patch = add_record(
        pool,
        "pool_patch",
        name,
        {
            **_named(name),
            "uuid": uuid,
            "size": 48 * MIB,
            "pool_applied": hosts is None,
            "after_apply_guidance": list(guidance),
            "pool_update": update,
        },
    )
    for host_name, host in on:
        add_record(
            pool,
            "host_patch",
            f"{name}/{host_name}",
            {
                **_named(name),
                "host": host,
                "applied": True,
                "timestamp_applied": when,
                "size": 48 * MIB,
                "pool_patch": patch,
            },
        )
        _record_in_dom0(pool, host, uuid)
    return patch if update == NULL else update


def _add_update(pool: SimPool, name: str, uuid: str, guidance: tuple[str, ...]) -> Ref:
    return add_record(
        pool,
        "pool_update",
        name,
        {
            **_named(name),
            "uuid": uuid,
            "installation_size": 96 * MIB,
            "after_apply_guidance": list(guidance),
            "vdi": NULL,
        },
    )


def _record_in_dom0(pool: SimPool, host: Ref, uuid: str) -> None:
    """Note a hotfix in dom0 as well, unless the dom0 was replaced by hand."""
    dom0 = pool.dom0.get(pool.records["host"][host]["uuid"])
    if not isinstance(dom0, Dom0Answers):
        return
    if dom0.state.updates is not None:
        dom0.change(updates=(*dom0.state.updates, uuid))
    elif dom0.state.patches is not None:
        dom0.change(patches=(*dom0.state.patches, uuid))


def _named(name: str) -> dict[str, str]:
    return {
        "name_label": name,
        "name_description": "Public Availability: security fixes",
        "version": "1.0",
    }
