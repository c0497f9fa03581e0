"""TLS and SSH as old pools speak them."""

from simpool.builder import host
from simpool.data import MODERN_SSH, SimPool
from simpool.faults.fault import Fault


def _speak_old_ssh(pool: SimPool) -> None:
    pool.ssh[host(pool, "old-02")["uuid"]] = {
        "kex": "diffie-hellman-group14-sha1",
        "host_key_algorithm": "ssh-rsa",
        "cipher": "aes128-ctr",
        "mac": "hmac-sha1",
        "login_signature": "ssh-rsa",
        "legacy": True,
    }


def _speak_cbc(pool: SimPool) -> None:
    # What paramiko notes of an sshd that was hardened the wrong way.
    offered = "curve25519-sha256,diffie-hellman-group14-sha256"
    agreed = {**MODERN_SSH, "kex": "", "kex_offered": offered, "cipher": "aes256-cbc"}
    pool.ssh[host(pool, "old-02")["uuid"]] = {**agreed, "mac": "hmac-md5"}


def _sign_with_sha1(pool: SimPool) -> None:
    pool.ssh[host(pool, "old-02")["uuid"]] = {**MODERN_SSH, "login_signature": "ssh-rsa"}


def _note_no_key_exchange(pool: SimPool) -> None:
    pool.ssh[host(pool, "old-01")["uuid"]] = {"cipher": "aes128-ctr", "mac": "hmac-sha1"}


def _speak_tls_1_0(pool: SimPool) -> None:
    pool.tls |= {"version": "TLSv1", "cipher": "AES128-SHA", "legacy": True}


def _speak_static_rsa(pool: SimPool) -> None:
    pool.tls |= {"cipher": "AES128-SHA256"}


def _note_no_tls(pool: SimPool) -> None:
    del pool.tls["version"]


_SSH = "host old-02: SSH - expected: algorithms that current clients offer, found: "
_TLS = "pool xs65: TLS - expected: 1.2 or later with an ephemeral key exchange, found: "

FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-LEGACY-01",
        change=_speak_old_ssh,
        on="old-02",
        finds=f"{_SSH}diffie-hellman-group14-sha1, ssh-rsa, ssh-rsa for the user's key",
        loss=_note_no_key_exchange,
        cause="which SSH algorithms were agreed on with this dom0 is not known",
        needs=("host.uuid",),
        outcome="warning",
        pool="xs65",
    ),
    Fault(
        check="HOST-LEGACY-01",
        change=_speak_cbc,
        on="old-02",
        finds=f"{_SSH}aes256-cbc, hmac-md5",
        outcome="warning",
        pool="xs65",
    ),
    Fault(
        check="HOST-LEGACY-01",
        change=_sign_with_sha1,
        on="old-02",
        finds=f"{_SSH}ssh-rsa for the user's key",
        outcome="warning",
        pool="xs65",
    ),
    Fault(
        check="POOL-LEGACY-01",
        change=_speak_tls_1_0,
        on="xs65",
        finds=f"{_TLS}TLSv1 with AES128-SHA (192.0.2.10)",
        loss=_note_no_tls,
        cause="which TLS 192.0.2.10 speaks is not known",
        needs=("pool.master",),
        outcome="warning",
        pool="xs65",
    ),
    Fault(
        check="POOL-LEGACY-01",
        change=_speak_static_rsa,
        on="xs65",
        finds=f"{_TLS}TLSv1.2 with AES128-SHA256 (192.0.2.10)",
        outcome="info",
        pool="xs65",
    ),
)
