"""What can be wrong with certificates."""

from typing import Any

from simpool.builder import ref_of
from simpool.certificates import public_certificate
from simpool.data import SimPool
from simpool.faults.fault import Fault

_METHOD = "host.get_server_certificate"


def _short_key(pool: SimPool) -> None:
    made = public_certificate("xen-02", pool.now, key_bits=1024)
    pool.answers[_METHOD][ref_of(pool, "host", "xen-02")] = made


def _show(pool: SimPool, name: str, **how: Any) -> None:
    pool.answers[_METHOD][ref_of(pool, "host", name)] = public_certificate(name, pool.now, **how)


def _let_it_expire(pool: SimPool) -> None:
    _show(pool, "xen-02", days=-3)


def _let_it_end_soon(pool: SimPool) -> None:
    _show(pool, "xen-02", days=20)


def _sign_with_sha1(pool: SimPool) -> None:
    _show(pool, "xs-02", sha1=True)


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
    Fault(
        check="HOST-CERT-01",
        tells=("xencenter-extra-certificate-expiry",),
        change=_let_it_expire,
        on="xen-02",
        finds=(
            "host xen-02: certificate - expected: strong enough and valid, "
            "found: it ends on 2026-11-20"
        ),
    ),
    Fault(
        check="HOST-CERT-01",
        tells=("xencenter-extra-certificate-expiry",),
        change=_let_it_end_soon,
        on="xen-02",
        finds=(
            "host xen-02: certificate - expected: strong enough and valid, "
            "found: it ends on 2026-12-13"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-CERT-01",
        change=_sign_with_sha1,
        on="xs-02",
        finds=(
            "host xs-02: certificate - expected: strong enough and valid, found: signed with SHA-1; "
            "XenServer 9 preview: its upgrade plugin names it as a reason to refuse"
        ),
        outcome="warning",
        pool="xs8",
    ),
)
