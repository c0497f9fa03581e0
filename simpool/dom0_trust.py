"""Services, certificates and CA bundles of a simulated dom0."""

from collections.abc import Iterable

from rules.listening import LISTENING
from rules.services import SERVICES, TLS_PROXY, TOOLSTACK
from rules.trust import ANCHORS, ANCHORS_PATH, BUNDLE_PATH, FOLDER, POOL_CERTIFICATES
from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State

_PEM = 1_163  # bytes of a certificate with 2048 bits
_BESIDE = ("chronyd", "crond", "rsyslog", "sshd", "systemd-journald", "v6d")
_OLD_PROXY = frozenset({"7.0", "7.1", "7.2", "7.6", "8.0"})  # started by xapi


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    gone = f"find: '{ANCHORS_PATH}': No such file or directory\n"
    return {
        SERVICES.command: (
            CannedAnswer("", "sh: systemctl: command not found\n", 127)
            if state.release == "6.5"
            else CannedAnswer(services(state.release))
        ),
        LISTENING.command: CannedAnswer(listening(22, 80, 443)),
        ANCHORS.command: CannedAnswer("done\n", gone if state.release == "6.5" else ""),
        POOL_CERTIFICATES.command: pool_certificates(state.release, (state.host_uuid,)),
    }


def services(release: str) -> str:
    """What systemd says of the loaded services."""
    names = sorted((*TOOLSTACK, *_BESIDE, *(() if release in _OLD_PROXY else (TLS_PROXY,))))
    return "\n".join([*(service(name) for name in names), _stopped("plymouth-start")])


def listening(*ports: int, address: str = "00000000") -> str:
    """The sockets on which a host listens, as the kernel prints them."""
    rest = f"{'0' * len(address)}:0000 0A 00000000:00000000 00:00000000 00000000     0        0"
    return (
        "".join(
            f"{number:4}: {address}:{port:04X} {rest} {16230 + number} 1 ffff88003d3af080 100 0 0 10 0\n"
            for number, port in enumerate(ports)
        )
        + "done\n"
    )


def service(name: str, state: str = "active", folder: str = "/usr/lib/systemd/system") -> str:
    """The paragraph of one service."""
    return (
        f"Id={name}.service\nLoadState=loaded\nActiveState={state}\n"
        f"FragmentPath={folder}/{name}.service\n"
    )


def pool_certificates(release: str, uuids: Iterable[str]) -> CannedAnswer:
    """The certificates of these members, and the bundle made of them."""
    if release != "8.3":
        gone = "".join(
            f"find: '{path}': No such file or directory\n" for path in (BUNDLE_PATH, FOLDER)
        )
        return CannedAnswer("done\n", gone)
    files = [f"{_PEM} {FOLDER}/{uuid}.pem\n" for uuid in uuids]
    return CannedAnswer(f"{_PEM * len(files)} {BUNDLE_PATH}\n{''.join(files)}done\n")


def _stopped(name: str) -> str:
    return f"Id={name}.service\nLoadState=not-found\nActiveState=inactive\nFragmentPath=\n"
