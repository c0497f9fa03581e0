"""Comparing the RPM packages of two dom0s."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError

_FIELDS: Final = 6

# No dom0 is without it: a list that lacks it is cut short.
_ALWAYS: Final = "glibc"
_MOST: Final = 20_000
_WORD = re.compile(r"[^\s\x00-\x1f]{1,200}")
_IGNORED: Final = frozenset({"gpg-pubkey"})
# Several versions of these stay installed as a fallback; the newest is the one that counts.
_KEPT = re.compile(r"kernel(-.*)?|xen-hypervisor|.*-modules(-.*)?")
_SEGMENT = re.compile(r"([0-9]+)|([A-Za-z]+)|(~)")


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package."""

    name: str
    epoch: str
    version: str
    release: str
    arch: str

    @property
    def label(self) -> str:
        """Name, version and release as rpm prints them."""
        epoch = "" if self.epoch == "0" else f"{self.epoch}:"
        return f"{self.name}-{epoch}{self.version}-{self.release}.{self.arch}"


def parse_packages(text: str) -> frozenset[Package]:
    """Read a list of packages.

    Args:
        text: a package per line: name, epoch, version, release, architecture and vendor, with tabs
            between them. The vendor is free text and plays no part.

    Returns:
        All packages, without the signing keys that rpm keeps as packages.

    Raises:
        NotVerifiedError: a line has another shape, or the list is not a whole dom0's.
    """
    lines = text.rstrip("\n").split("\n")
    if len(lines) > _MOST:
        raise NotVerifiedError("the list of packages cannot be read: too long for a dom0")
    packages = set()
    for line in lines:
        words = line.split("\t", _FIELDS - 1)
        if len(words) != _FIELDS or not all(_WORD.fullmatch(word) for word in words[:-1]):
            raise NotVerifiedError("the list of packages cannot be read: a line is not a package")
        name, epoch, version, release, arch = words[:-1]
        if name not in _IGNORED:
            packages.add(Package(name, "0" if epoch == "(none)" else epoch, version, release, arch))
    if not any(package.name == _ALWAYS for package in packages):
        raise NotVerifiedError(f"the list of packages cannot be complete: {_ALWAYS} is not on it")
    return frozenset(packages)


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
    parts: Mapping[str, tuple[str, ...]] = {"missing": tuple(missing), "extra": tuple(extra)}
    said = []
    for word, names in parts.items():
        if names:
            more = f" and {len(names) - most} more" if len(names) > most else ""
            said.append(f"{word} {', '.join(names[:most])}{more}")
    return "; ".join(said)
