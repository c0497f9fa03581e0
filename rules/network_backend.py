"""Which switch dom0 uses, and what the target thinks of it."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.releases import Release
from rules.confidence import Objection
from rules.features import feature_objection

BACKENDS: Final = ("openvswitch", "bridge")


def backend_of(host: Host) -> str:
    """`openvswitch` or `bridge`.

    Raises:
        NotVerifiedError: the host states neither.
    """
    found = host.software_version.get("network_backend", "")
    if found not in BACKENDS:
        raise NotVerifiedError(f"host {host.title} does not state its network backend")
    return found


def backend_objections(host: Host, coordinator: Host, target: Release) -> tuple[Objection, ...]:
    """What is wrong with the backend of a host."""
    own, wanted = backend_of(host), backend_of(coordinator)
    found: list[Objection] = []
    if own != wanted:
        light = "hosts of a pool work with different backends, but not alike"
        found.append(Objection(f"{own}, on {coordinator.title} {wanted}", light))
    if own == "bridge":
        refusal = feature_objection(target, "linux-bridge", "Linux bridge")
        found += [refusal] if refusal else []
    return tuple(found)
