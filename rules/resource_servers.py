"""The tables of servers and of their graphics processors.

Columns: xenadmin, XenAdmin/Actions/GUIActions/ExportResourceReportAction.cs. XenCenter lists only
local SRs of type lvm as disks of a host; here are all, and no missing object costs the table.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PCI, PGPU, SR, VM, Host, HostCpu, HostMetrics, PoolFacts, VMMetrics
from rules.resource_cells import (
    Column,
    Left,
    Table,
    by_name,
    follow,
    joined,
    named,
    percent_words,
    share,
    since,
    size,
    size_words,
    table,
)

_SERVER_CSV: Final = (
    "Name|UUID|Pool coordinator|Address|CPU Usage|Used Memory|Network(avg / max KBs)|Disk|Uptime"
    "|Description"
)
_GPU_CSV: Final = (
    "Name|UUID|PCI Bus Path|Server|Used Memory|Power usage (W)|Temperature|Computer Utilization (%)"
)
_LATEST: Final = 32_503_680_000.0  # the year 3000


def servers(facts: PoolFacts) -> Table:
    """The table `Server`."""
    columns: tuple[Column[Host], ...] = (
        Column("Name", lambda host: host.name_label),
        Column("Pool coordinator", lambda host: host.ref == facts.coordinator_ref, "truth"),
        Column("UUID", lambda host: host.uuid),
        Column("Address", lambda host: host.address),
        Column("CPU Usage", _cpu_words, momentary=True),
        Column("Network(avg / max KBs)", lambda _: Left.NOT_READ, momentary=True),
        Column("Used Memory", _memory_words, momentary=True),
        Column("Disk", lambda host: joined(_disks(host))),
        Column("Uptime", lambda host: since(host, booted(host)), "duration", momentary=True),
        Column("Description", lambda host: host.name_description),
        Column("CPUs", cpus, "number", momentary=True),
        Column("Memory, bytes", memory_total, "bytes", momentary=True),
        Column("Memory reserved, bytes", _memory_used, "bytes", momentary=True),
        Column("Booted", booted, "time", momentary=True),
    )
    return table("Server", columns, lambda: facts.hosts, _SERVER_CSV)


def gpus(facts: PoolFacts) -> Table:
    """The table `GPU`, of physical ones."""
    columns: tuple[Column[PGPU], ...] = (
        Column("Name", lambda gpu: _card(gpu).device_name),
        Column("Server", lambda gpu: named(gpu, Host, gpu.host)),
        Column("PCI Bus Path", lambda gpu: _card(gpu).pci_id),
        Column("UUID", lambda gpu: gpu.uuid),
        Column("Power usage (W)", lambda _: Left.NOT_READ, momentary=True),
        Column("Temperature", lambda _: Left.NOT_READ, momentary=True),
        Column("Used Memory", lambda _: Left.NOT_READ, momentary=True),
        Column("Computer Utilization (%)", lambda _: Left.NOT_READ, momentary=True),
    )
    return table("GPU", columns, lambda: by_name(facts.table(PGPU).values()), _GPU_CSV)


def _card(gpu: PGPU) -> PCI:
    found = follow(gpu, PCI, gpu.PCI)
    if found is None:
        raise NotVerifiedError(f"GPU {gpu.title} names no PCI device")
    return found


def cpus(host: Host) -> int:
    """How many processors a host has.

    Raises:
        NotVerifiedError: it does not say.
    """
    if host.has("cpu_info") and (count := host.cpu_info.get("cpu_count", "")).isdecimal():
        return int(count[:9])
    if found := host.facts.referring(HostCpu, "host", host.ref):
        return len(found)
    raise NotVerifiedError(f"host {host.title}: the number of its CPUs is not known")


def _cpu_words(host: Host) -> str:
    return f"{Left.NOT_READ.value} of {cpus(host)} CPUs"


def memory_total(host: Host) -> int | None:
    """A host's memory in bytes."""
    found = follow(host, HostMetrics, host.metrics)
    return None if found is None else size(found.memory_total)


def _memory_used(host: Host) -> int:
    """What its domains have and xapi reserves; what xapi calls free is not stored any more."""
    return host.memory_overhead + sum(_domain(vm) for vm in host.resident_vms)


def _domain(vm: VM) -> int:
    metrics = follow(vm, VMMetrics, vm.metrics)
    if metrics is None:
        raise NotVerifiedError(f"VM {vm.title}: its memory is not known")
    return metrics.memory_actual


def _memory_words(host: Host) -> str | None:
    total = memory_total(host)
    if total is None:
        return None
    return f"{percent_words(share(_memory_used(host), total))} of {size_words(total)}"


def booted(host: Host) -> datetime | None:
    """When a host booted, as xapi notes it; None if it did not.

    Raises:
        NotVerifiedError: what is noted is no time.
    """
    noted = host.other_config.get("boot_time")
    if noted is None:
        return None
    try:
        seconds = float(noted)
        if not (math.isfinite(seconds) and 0 < seconds < _LATEST):
            raise ValueError
    except ValueError:
        raise NotVerifiedError(f"host {host.title}: its boot_time is not a time") from None
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(seconds))


def _disks(host: Host) -> Iterator[str]:
    for pbd in host.pbds:
        if not pbd.currently_attached:
            continue
        sr = follow(pbd, SR, pbd.SR)
        if sr is not None and not sr.shared and sr.type != "udev":
            yield f"{sr.name_label}: {size_words(size(sr.physical_size))}"
