"""Comparing the RPM packages of two dom0s."""

import re
from collections.abc import Iterable
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.rpm_list import Package, parse_list
from rules.listing import listed

ALWAYS_INSTALLED: Final = "glibc"
"""No dom0 is without it: a list that lacks it is cut short."""
_IGNORED: Final = frozenset({"gpg-pubkey"})
# Several versions of these stay installed as a fallback; the newest is the one that counts.
_KEPT = re.compile(r"kernel(-.*)?|xen-hypervisor|.*-modules(-.*)?")
_SEGMENT = re.compile(r"([0-9]+)|([A-Za-z]+)|(~)")


def parse_packages(text: str) -> frozenset[Package]:
    """Read the list of packages of a whole dom0; see `parse_list`.

    Returns:
        All packages, without the signing keys that rpm keeps as packages.

    Raises:
        NotVerifiedError: a line has another shape, or the list is not a whole dom0's.
    """
    packages = frozenset(package for package in parse_list(text) if package.name not in _IGNORED)
    if not any(package.name == ALWAYS_INSTALLED for package in packages):
        raise NotVerifiedError(
            f"the list of packages cannot be complete: {ALWAYS_INSTALLED} is not on it"
        )
    return packages


def compare_packages(
    coordinator: Iterable[Package], member: Iterable[Package]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a member lacks and what it has beyond the coordinator.

    Of packages that stay installed in several versions as a fallback (kernel, hypervisor, driver
    modules) only the newest is compared.

    Returns:
        Missing and extra, each as sorted labels.
    """
    wanted, found = _counting(coordinator), _counting(member)
    return (
        tuple(sorted(package.label for package in wanted - found)),
        tuple(sorted(package.label for package in found - wanted)),
    )


def _counting(packages: Iterable[Package]) -> frozenset[Package]:
    newest: dict[tuple[str, str], Package] = {}
    rest = set()
    for package in packages:
        if not _KEPT.fullmatch(package.name):
            rest.add(package)
            continue
        key = (package.name, package.arch)
        if key not in newest or _order(package) > _order(newest[key]):
            newest[key] = package
    return frozenset(rest | set(newest.values()))


def _order(package: Package) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """A key that sorts versions as rpm does: numbers above letters, a tilde below everything."""
    return tuple(_segments(text) for text in (package.epoch, package.version, package.release))


def _segments(text: str) -> tuple[tuple[int, int, str], ...]:
    found = []
    for number, letters, tilde in _SEGMENT.findall(text):
        if number:
            found.append((3, int(number), ""))
        elif letters:
            found.append((2, 0, letters))
        elif tilde:
            found.append((0, 0, ""))
    return (*found, (1, 0, ""))


def described(missing: Iterable[str], extra: Iterable[str], most: int = 5) -> str:
    """Both differences in one phrase; beyond `most` names of a kind only their number is
    said; empty where there is no difference.
    """
    parts = {"missing": tuple(missing), "extra": tuple(extra)}
    return "; ".join(f"{word} {listed(names, most)}" for word, names in parts.items() if names)
