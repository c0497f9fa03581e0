"""What can be wrong with the processors of a pool."""

from simpool.builder import host
from simpool.data import SimPool
from simpool.faults.fault import Fault

_FOUND = (
    "host xen-03: processors - expected: the coordinator's vendor and the pool's features, found: "
)


def _drop_feature(pool: SimPool, key: str) -> None:
    """Take one feature away, as a microcode update does."""
    info = host(pool, "xen-03")["cpu_info"]
    first, _, rest = info[key].partition("-")
    info[key] = f"{int(first, 16) & ~0x2:08x}-{rest}"


def _fewer_for_pv(pool: SimPool) -> None:
    _drop_feature(pool, "features_pv")


def _fewer_for_hvm(pool: SimPool) -> None:
    _drop_feature(pool, "features_hvm")


def _other_vendor(pool: SimPool) -> None:
    host(pool, "xen-03")["cpu_info"]["vendor"] = "AuthenticAMD"


def _lose_features(pool: SimPool) -> None:
    del host(pool, "xen-02")["cpu_info"]["features_hvm"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-CPU-01",
        needs=("host.cpu_info", "pool.cpu_info"),
        change=_fewer_for_pv,
        on="xen-03",
        finds=f"{_FOUND}fewer features than the pool's level (features_pv)",
        loss=_lose_features,
        cause="features_hvm of the processors is not stated",
        outcome="warning",
        tells=("xencenter-join-cpu",),
    ),
    Fault(
        check="HOST-CPU-01",
        change=_fewer_for_hvm,
        on="xen-03",
        finds=f"{_FOUND}fewer features than the pool's level (features_hvm)",
        outcome="warning",
        tells=("story-08",),
    ),
    Fault(
        check="HOST-CPU-01",
        change=_other_vendor,
        on="xen-03",
        finds=f"{_FOUND}made by AuthenticAMD, the coordinator's by GenuineIntel",
        tells=("xencenter-H07",),
    ),
)
