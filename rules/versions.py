"""Versions that all members of a pool must have in common, and whether an upgrade is half done."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, Pool
from fixtures.version_order import compare_versions

COMPARED: Final = (
    "product_version",
    "platform_version",
    "build_number",
    "xapi",
    "xapi_build",
    "db_schema",
    "xen",
    "linux",
)
"""Keys of `host.software_version` that must be equal; older releases state fewer of them."""

SCHEMA_STATED_FROM: Final = "7.2"
XAPI_BUILD_STATED_FROM: Final = "8.3"

RPU_KEY: Final = "rolling_upgrade_in_progress"

REFUSED_DURING_UPGRADE: Final = (
    "VM snapshot, checkpoint and revert (snapshot-based backups fail)",
    "export of metadata",
    "configuration changes of halted VMs",
    "migration back to a host that is not upgraded yet",
    "SR creation, clustering and rotation of the pool secret",
)
"""What xapi refuses until all hosts agree. Source: xapi, ocaml/xapi/xapi_vm_lifecycle.ml,
xapi_pool_helpers.ml and xapi_host_helpers.ml."""


def differences(host: Host, coordinator: Host) -> dict[str, tuple[str, str]]:
    """Which versions of a host differ from the coordinator's.

    Returns:
        Key -> the coordinator's value and the host's; an empty text where one does not state it.

    Raises:
        NotVerifiedError: one of them does not state its product version.
    """
    wanted, found = coordinator.software_version, host.software_version
    for record, versions in ((coordinator, wanted), (host, found)):
        if not versions.get("product_version"):
            raise NotVerifiedError(f"host {record.title} does not state its product version")
    return {
        key: (wanted.get(key, ""), found.get(key, ""))
        for key in COMPARED
        if wanted.get(key, "") != found.get(key, "")
    }


def version_weight(found: Iterable[str]) -> str:
    """Why a difference in these keys is only worth a warning; empty if it is worth more."""
    others = set(found) - {"linux"}
    return "" if others else "nobody refuses a host for its kernel alone"


def assert_stated(host: Host) -> None:
    """Refuse to call versions equal that a host does not state at all.

    Every release states its build, its database schema from 7.2 on, and the build of xapi from 8.3
    on. Source: xenadmin, XenModel/Utils/Helpers.cs; xapi, ocaml/xapi/xapi_globs.ml.

    Raises:
        NotVerifiedError: one of them is missing.
    """
    versions = host.software_version
    needed = ["build_number"]
    if compare_versions(versions.get("product_version", ""), SCHEMA_STATED_FROM) >= 0:
        needed.append("db_schema")
    if compare_versions(versions.get("product_version", ""), XAPI_BUILD_STATED_FROM) >= 0:
        needed.append("xapi_build")
    for key in needed:
        if not versions.get(key):
            raise NotVerifiedError(f"host {host.title} does not state its {key}")


@dataclass(frozen=True, slots=True)
class RollingUpgrade:
    """Whether an upgrade of the pool is half done.

    Attributes:
        flagged: xapi's key is set in `pool.other_config`.
        versions: platform version (product version where none is stated), with that of xapi where
            hosts differ in nothing else -> names of its hosts.
        behind: how many hosts differ from the coordinator.
    """

    flagged: bool
    versions: dict[str, tuple[str, ...]]
    behind: int

    @property
    def state(self) -> str:
        """In words; empty when nothing is in progress."""
        if self.flagged and self.behind:
            return f"in progress, {self.behind} of {self._hosts} hosts not upgraded"
        if self.flagged:
            return "all hosts of one version, but xapi's key is still set"
        if self.behind:
            return f"{self.behind} of {self._hosts} hosts of another version than the coordinator"
        return ""

    @property
    def _hosts(self) -> int:
        return sum(len(names) for names in self.versions.values())


def rolling_upgrade(pool: Pool) -> RollingUpgrade:
    """Look for the signs of an unfinished upgrade.

    xapi sets its key when the platform version of some host differs from the coordinator's (from
    25.31 on also when its own does), and removes it when all agree. Source: xapi,
    ocaml/xapi/db_gc.ml.

    Raises:
        NotVerifiedError: a host states no version.
    """
    versions: dict[str, list[str]] = {}
    one_platform = len({_version(host) for host in pool.hosts}) == 1
    for host in pool.hosts:
        versions.setdefault(_version(host, with_xapi=one_platform), []).append(host.title)
    ours = _version(pool.coordinator, with_xapi=one_platform)
    return RollingUpgrade(
        flagged=RPU_KEY in pool.other_config,
        versions={version: tuple(names) for version, names in sorted(versions.items())},
        behind=sum(len(names) for version, names in versions.items() if version != ours),
    )


def _version(host: Host, *, with_xapi: bool = False) -> str:
    stated = host.software_version
    version = stated.get("platform_version") or stated.get("product_version")
    if not version:
        raise NotVerifiedError(f"host {host.title} states no version")
    xapi = stated.get("xapi", "")
    return f"{version} (xapi {xapi})" if with_xapi and xapi else version


def in_words(found: Iterable[tuple[str, tuple[str, str]]]) -> tuple[str, str]:
    """Wanted and found versions as two phrases for a message."""
    listed = tuple(found)
    wanted = ", ".join(f"{key} {ours or 'not stated'}" for key, (ours, _) in listed)
    actual = ", ".join(f"{key} {theirs or 'not stated'}" for key, (_, theirs) in listed)
    return wanted, actual
