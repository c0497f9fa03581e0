"""What XenCenter does not export: the pool's settings, and what runs on its hosts."""

from collections.abc import Callable
from typing import Final

from fixtures.model import (
    SR,
    VGPU,
    VM,
    Certificate,
    Host,
    HostPatch,
    Pool,
    PoolFacts,
    PoolUpdate,
    VGPUType,
)
from rules.licence import expiry
from rules.resource_cells import Column, Table, Value, by_name, follow, joined, named, table

_SETTINGS: Final[tuple[tuple[str, Callable[[Pool], Value]], ...]] = (
    ("Name", lambda pool: pool.name_label),
    ("UUID", lambda pool: pool.uuid),
    ("Description", lambda pool: pool.name_description),
    ("Default SR", lambda pool: named(pool, SR, pool.default_SR)),
    ("Suspend image SR", lambda pool: named(pool, SR, pool.suspend_image_SR)),
    ("Crash dump SR", lambda pool: named(pool, SR, pool.crash_dump_SR)),
    ("HA", lambda pool: pool.ha_enabled),
    ("HA failures to tolerate", lambda pool: pool.ha_host_failures_to_tolerate),
    ("HA configuration", lambda pool: _pairs(pool.ha_configuration)),
    ("WLB", lambda pool: pool.wlb_enabled),
    ("WLB address", lambda pool: pool.wlb_url),
    ("Redo log", lambda pool: pool.redo_log_enabled),
    ("Live patching disabled", lambda pool: pool.live_patching_disabled),
    ("IGMP snooping", lambda pool: pool.igmp_snooping_enabled),
    ("Tags", lambda pool: "; ".join(pool.tags)),
    ("other_config", lambda pool: _pairs(pool.other_config)),
)


def settings(facts: PoolFacts) -> Table:
    """The pool's own settings, one column each; secrets in them were blanked when they were read."""
    columns = tuple(Column(title, read) for title, read in _SETTINGS)
    return table("Pool", columns, lambda: [facts.pool])


def hosts(facts: PoolFacts) -> Table:
    """Versions, licence and state of each host."""
    columns: tuple[Column[Host], ...] = (
        Column("Name", lambda host: host.name_label),
        Column("UUID", lambda host: host.uuid),
        Column("Enabled", lambda host: host.enabled, "truth"),
        Column("Version", _version("product_version")),
        Column("Platform", _version("platform_version")),
        Column("Build", _version("build_number")),
        Column("Xen", _version("xen")),
        Column("Linux", _version("linux")),
        Column("Edition", lambda host: host.edition),
        Column("Licence expires", expiry, "time"),
        Column("Licence server", lambda host: _pairs(host.license_server)),
        Column("Updates", lambda host: "; ".join(_updates(host))),
        Column("Updates that await a reboot", lambda host: "; ".join(_awaiting(host))),
        Column("Multipathing", lambda host: host.multipathing, "truth"),
        Column("iSCSI IQN", _iqn),
        Column("CPU", lambda host: host.cpu_info.get("modelname")),
        Column("Log destination", lambda host: host.logging.get("syslog_destination")),
        Column("Tags", lambda host: "; ".join(host.tags)),
        Column("other_config", lambda host: _pairs(host.other_config)),
    )
    return table("Server details", columns, lambda: facts.hosts)


def virtual_gpus(facts: PoolFacts) -> Table:
    """Which VM has which virtual GPU."""
    columns: tuple[Column[VGPU], ...] = (
        Column("VM", lambda vgpu: named(vgpu, VM, vgpu.VM)),
        Column("Device", lambda vgpu: vgpu.device),
        Column("Type", _model),
        Column("Attached", lambda vgpu: vgpu.currently_attached, "truth"),
        Column("UUID", lambda vgpu: vgpu.uuid),
    )
    return table("Virtual GPUs", columns, lambda: by_name(facts.table(VGPU).values()))


def certificates(facts: PoolFacts) -> Table:
    """The TLS certificates that xapi knows."""
    columns: tuple[Column[Certificate], ...] = (
        Column("Server", lambda one: named(one, Host, one.host)),
        Column("Type", lambda one: one.type),
        Column("Name", lambda one: one.name),
        Column("Valid from", lambda one: one.not_before, "time"),
        Column("Valid until", lambda one: one.not_after, "time"),
        Column("Fingerprint", lambda one: one.fingerprint),
        Column("UUID", lambda one: one.uuid),
    )
    return table("Certificates", columns, lambda: by_name(facts.table(Certificate).values()))


def _pairs(config: object) -> str | None:
    if not isinstance(config, dict):
        return None
    return joined(f"{key}:{value}" for key, value in sorted(config.items()))


def _version(key: str) -> Callable[[Host], Value]:
    return lambda host: host.software_version.get(key)


def _iqn(host: Host) -> str | None:
    return host.iscsi_iqn if host.has("iscsi_iqn") else host.other_config.get("iscsi_iqn")


def _model(vgpu: VGPU) -> str | None:
    found = follow(vgpu, VGPUType, vgpu.type)
    return None if found is None else found.model_name


def _updates(host: Host) -> list[str]:
    """Hotfixes as the release keeps them: updates from 7.1 on, patches before."""
    if host.has("updates"):
        found = [follow(host, PoolUpdate, ref) for ref in host.updates]
        return sorted(update.name_label for update in found if update is not None)
    patches = host.facts.referring(HostPatch, "host", host.ref)
    return sorted(patch.name_label for patch in patches if patch.applied)


def _awaiting(host: Host) -> list[str]:
    found = [follow(host, PoolUpdate, ref) for ref in host.updates_requiring_reboot]
    return sorted(update.name_label for update in found if update is not None)
