"""What can be wrong with certificates."""

from simpool.builder import ref_of
from simpool.certificates import public_certificate
from simpool.data import SimPool
from simpool.faults.fault import Fault

_METHOD = "host.get_server_certificate"


def _short_key(pool: SimPool) -> None:
    made = public_certificate("xen-02", pool.now, key_bits=1024)
    pool.answers[_METHOD][ref_of(pool, "host", "xen-02")] = made


def _garble(pool: SimPool) -> None:
    pool.answers[_METHOD][ref_of(pool, "host", "xen-02")] = "no certificate"


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-CERT-01",
        tells=("story-42", "xencenter-H05", "installer-09", "xo-warning-tls-key"),
        needs=("host.address",),
        change=_short_key,
        on="xen-02",
        finds=(
            "host xen-02: certificate - expected: strong enough and valid, "
            "found: a key of 1024 bits, XenServer 8 asks for 2048"
        ),
        loss=_garble,
        cause="cannot be read",
        settings={"target": "xenserver-8"},
    ),
)
