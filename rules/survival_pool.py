"""What of the pool itself must have survived the upgrade, or be switched on again after it."""

from collections.abc import Iterator, Mapping
from typing import Final

from fixtures.model import SR, VMPP, VMSS, Certificate, Network, Pool, PoolFacts
from rules.migration_network import KEY as MIGRATION_KEY
from rules.survival import by_uuid, changes, other
from rules.vm_settings import autostart

AUTOSTART: Final = "auto_poweron"
# What xapi and the tools themselves write there.
_VOLATILE: Final = ("rolling_upgrade_in_progress", "memory-ratio-", "cpuid_feature_mask", AUTOSTART)
_SRS: Final = (
    ("default SR", "default_SR"),
    ("SR for suspended VMs", "suspend_image_SR"),
    ("SR for crash dumps", "crash_dump_SR"),
)
_SWITCHES: Final = (
    ("redo log", "redo_log_enabled"),
    ("no Windows drivers from Windows Update", "policy_no_vendor_device"),
    ("live patching off", "live_patching_disabled"),
    ("IGMP snooping", "igmp_snooping_enabled"),
    ("compression of migrations", "migration_compression"),
    ("TLS verification", "tls_verification_enabled"),
)


def availability_changes(pool: Pool, old: Pool) -> tuple[str, ...]:
    """HA that is not back as it was, or may have been switched off before the audit, in words."""
    if old.ha_enabled:
        names = ("ha_enabled", "ha_host_failures_to_tolerate", "ha_allow_overcommit")
        what = ("HA", "host failures to tolerate", "overcommitment")
        pairs = zip(what, names, strict=True)
        return changes((words, getattr(old, name), getattr(pool, name)) for words, name in pairs)
    protected = sum(vm.ha_restart_priority == "restart" for vm in old.facts.vms)
    if protected and not pool.ha_enabled:
        return (f"off as in the audit before, though VMs have a restart priority ({protected})",)
    return ()


def balancing_changes(pool: Pool, old: Pool) -> tuple[str, ...]:
    """Workload Balancing that is not back as it was, in words."""
    if old.wlb_enabled:
        pairs = [("server", old.wlb_url, pool.wlb_url)]
        return changes([("Workload Balancing", True, pool.wlb_enabled), *pairs])
    if old.wlb_url and not pool.wlb_enabled:
        return (f"off as in the audit before, though the server {old.wlb_url} was set",)
    return ()


def autostart_changes(pool: Pool, old: Pool) -> tuple[str, ...]:
    """The pool's own switch of autostart, if it is not back as it was, in words."""
    was, now = (autostart(one.other_config, "pool") for one in (old, pool))
    wanted = sum(autostart(vm.other_config, f"VM {vm.title}") for vm in old.facts.vms)
    if not was and not now and wanted:
        return (
            f"off as in the audit before, though VMs are set to start by themselves ({wanted})",
        )
    return changes([("autostart", was, now)])


def schedule_changes(facts: PoolFacts, then: PoolFacts) -> tuple[str, ...]:
    """Schedules of snapshots and backups that are gone or switched off, in words."""
    policies = {one.uuid for one in _policies(facts)}
    lost = [f"policy {one.title} is gone" for one in _policies(then) if one.uuid not in policies]
    now = by_uuid(facts, VMSS)
    for one in then.table(VMSS).values():
        again = now.get(one.uuid)
        if again is None:
            lost.append(f"schedule {one.title} is gone")
        elif one.enabled and not again.enabled:
            lost.append(f"schedule {one.title} is off")
    return tuple(sorted(lost))


def _policies(facts: PoolFacts) -> tuple[VMPP, ...]:
    return tuple(one for one in facts.table(VMPP).values() if one.is_policy_enabled)


def setting_changes(pool: Pool, old: Pool) -> tuple[str, ...]:
    """Settings of the pool that are not as before, in words."""
    return changes(
        [
            *_srs(pool, old),
            ("migration network", *other(_network(old), _network(pool))),
            ("tags", frozenset(old.tags), frozenset(pool.tags)),
            *(
                (what, getattr(old, name), getattr(pool, name))
                for what, name in _SWITCHES
                if old.has(name) and pool.has(name)
            ),
            *_other_config(old.other_config, pool.other_config),
        ]
    )


def _srs(pool: Pool, old: Pool) -> Iterator[tuple[str, object, object]]:
    for what, name in _SRS:
        then, now = (one.facts.find(SR, getattr(one, name)) for one in (old, pool))
        yield what, *other(then, now)


def _network(pool: Pool) -> Network | None:
    uuid = pool.other_config.get(MIGRATION_KEY, "")
    return by_uuid(pool.facts, Network).get(uuid) if uuid else None


def _other_config(
    then: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[tuple[str, object, object]]:
    for key, value in sorted(then.items()):
        if key != MIGRATION_KEY and not key.startswith(_VOLATILE):
            yield f"other_config:{key}", value, now.get(key, "")


def lost_authorities(facts: PoolFacts, then: PoolFacts) -> tuple[str, ...]:
    """CA certificates of the pool that are gone, in words; releases before 8.2 keep no record."""
    there = {one.fingerprint for one in facts.table(Certificate).values()}
    return tuple(
        sorted(
            f"CA certificate {one.title} is gone"
            for one in then.table(Certificate).values()
            if one.has("type") and one.type == "ca" and one.fingerprint not in there
        )
    )
