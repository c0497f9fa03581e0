"""Services of dom0: what systemd says of those that it has loaded."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from fixtures.releases import SourceRelease
from fixtures.version_order import compare_versions
from rules.disk_reading import printed

SERVICES: Final = Probe(
    'systemctl show -p Id -p LoadState -p ActiveState -p FragmentPath "*.service"',
    deadline=20,
    cap=524_288,
)
"""All loaded services, a paragraph each."""

TOOLSTACK: Final = (
    "xapi", "xenopsd-xc", "xcp-networkd", "xcp-rrdd", "squeezed", "forkexecd", "message-switch",
)  # fmt: skip
"""Of every release since 7.0."""
TLS_PROXY: Final = "stunnel@xapi"
"""Of later releases; before, xapi itself starts it, and systemd knows nothing of it."""

_FIRST_WITH_SYSTEMD: Final = "2.0.0"
_MOST: Final = 2000
_KEYS: Final = frozenset({"Id", "LoadState", "ActiveState", "FragmentPath"})
_ID = re.compile(r"([\w@:.\\-]{1,255})\.service")
_WORD = re.compile(r"[a-z-]{1,30}")
_BY_HAND = re.compile(r"/(?:etc|usr/local/lib)/systemd/system/[^/\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        name: without `.service`.
        loaded: whether its unit file is there and can be read.
        state: `active`, `inactive`, `failed`, `activating` ...
        file: path of its unit file; empty if it has none.
    """

    name: str
    loaded: bool
    state: str
    file: str


def has_systemd(source: SourceRelease) -> bool:
    """Whether the release starts its services by systemd: from XenServer 7.0 on."""
    return compare_versions(source.platform, _FIRST_WITH_SYSTEMD) >= 0


def services(dom0: Any) -> Mapping[str, Service]:
    """Name -> service.

    Raises:
        NotVerifiedError: systemd was not asked, or what it said cannot be read.
    """
    text = printed(dom0, SERVICES)
    found = [_service(paragraph) for paragraph in re.split(r"\n{2,}", text.strip("\n")) if text]
    if not 1 <= len(found) <= _MOST:
        raise NotVerifiedError("dom0: systemd named no services, or too many")
    return {service.name: service for service in found}


def not_running(known: Mapping[str, Service]) -> tuple[str, ...]:
    """The services of the toolstack that do not run, and how they are."""
    wanted = [known.get(name, _absent(name)) for name in TOOLSTACK]
    if (proxy := known.get(TLS_PROXY)) and proxy.loaded:
        wanted.append(proxy)
    return tuple(f"{one.name} ({one.state})" for one in wanted if one.state != "active")


def failed_besides(known: Mapping[str, Service]) -> tuple[str, ...]:
    """Other services that systemd calls failed."""
    return tuple(
        f"{service.name} ({service.state})"
        for service in _by_name(known.values())
        if service.state == "failed" and service.name not in (*TOOLSTACK, TLS_PROXY)
    )


def added_services(known: Mapping[str, Service]) -> tuple[str, ...]:
    """Services whose unit file stands where administrators put theirs."""
    return tuple(
        service.name
        for service in _by_name(known.values())
        if service.loaded and _BY_HAND.fullmatch(service.file)
    )


def _absent(name: str) -> Service:
    return Service(name, loaded=False, state="not loaded", file="")


def _by_name(known: Iterable[Service]) -> list[Service]:
    return sorted(known, key=lambda service: service.name)


def _service(paragraph: str) -> Service:
    said = dict(line.split("=", 1) for line in paragraph.splitlines() if "=" in line)
    name = _ID.fullmatch(said.get("Id", ""))
    states = (said.get("LoadState", ""), said.get("ActiveState", ""))
    readable = len(said) == len(paragraph.splitlines()) and said.keys() <= _KEYS
    if name is None or not readable or not all(_WORD.fullmatch(state) for state in states):
        raise NotVerifiedError("dom0: what systemd says of its services cannot be read")
    return Service(
        name=name[1],
        loaded=states[0] == "loaded",
        state=states[1],
        file=said.get("FragmentPath", ""),
    )
