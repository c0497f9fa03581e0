"""What scripts of a dom0 rely on."""

from rules.interface_names import NAMED_INTERFACES
from simpool.builder import host
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault


def _monitor_an_interface(pool: SimPool) -> None:
    said = CannedAnswer("/etc/cron.d/net-stats\nend of the list\n")
    pool.dom0[host(pool, "xen-02")["uuid"]][NAMED_INTERFACES.command] = said


def _lose_the_end(pool: SimPool) -> None:
    pool.dom0[host(pool, "xen-01")["uuid"]][NAMED_INTERFACES.command] = CannedAnswer("")


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-ETH-01",
        change=_monitor_an_interface,
        on="xen-02",
        finds=(
            "host xen-02: scripts - expected: no interface names that change, found: ethN in "
            "/etc/cron.d/net-stats; XenServer 9 preview: dom0 interfaces are no longer named ethN: "
            "scripts that use the names break"
        ),
        loss=_lose_the_end,
        cause="not told in full",
        outcome="warning",
        tells=("story-39",),
        settings={"target": "xenserver-9"},
    ),
)
