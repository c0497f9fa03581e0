"""Packages of dom0 that the vendor did not make, installed twice, or installed half."""

import re
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import PACKAGES, Probe
from rules.disk_reading import printed
from rules.packages import parse_packages

TRANSACTIONS: Final = Probe(
    'find /var/lib/yum -maxdepth 1 -name "transaction-all*" -printf "%f\\n"; echo done', deadline=20
)
"""What yum leaves behind of a transaction that did not end."""

_VENDORS: Final = (
    "centos", "citrix", "cloud software group", "red hat", "vates", "xcp-ng", "xenserver",
    "xensource",
)  # fmt: skip
# XCP-ng's build system marks what it builds, except for one, and need not name a vendor.
# Source: docs.xcp-ng.org, RPM packaging.
_BUILT = re.compile(r"\.xcpng(?![a-z])")
# Beside that one, a tool of Emulex that releases bring. Source: xenserver-release.spec.
_SHIPPED = re.compile(r"xcp-ng-release(?:-.*)?|elxocm(?:core|libhbaapi)(?:-.*)?")
# Several versions of these may be there at once.
_SEVERAL = re.compile(r"kernel(-.*)?|xen-hypervisor|.*-modules(-.*)?")
_TRANSACTION = re.compile(r"transaction-all[\w.:+-]*")


def package_list(dom0: Any) -> str:
    """The list of packages as rpm prints it.

    Raises:
        NotVerifiedError: it is not there, not complete, or rpm complained while making it.
    """
    text = printed(dom0, PACKAGES)
    if "error:" in dom0.run(PACKAGES.command).stderr:
        raise NotVerifiedError("rpm complained about its own database")
    parse_packages(text)
    return text


def foreign_packages(text: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """Packages of vendors that do not make the platform, beside those whose name is allowed.

    Args:
        text: a list that `package_list` returned.
        allowed: patterns of names, as of the shell.
    """
    patterns, found = tuple(allowed), []
    for line in text.rstrip("\n").split("\n"):
        name, _, version, release, _, vendor = line.split("\t", 5)
        of_vendor = vendor.strip().casefold().startswith(_VENDORS) or _BUILT.search(release)
        if of_vendor or name == "gpg-pubkey" or _SHIPPED.fullmatch(name):
            continue
        if not any(fnmatchcase(name, pattern) for pattern in patterns):
            stated = "no vendor" if vendor.strip() in ("", "(none)") else vendor.strip()
            found.append(f"{name}-{version}-{release} ({stated})")
    return tuple(sorted(found))


def twice_installed(text: str) -> tuple[str, ...]:
    """Names of packages of one architecture that are installed more than once and must not be."""
    counted = Counter((package.name, package.arch) for package in parse_packages(text))
    return tuple(
        sorted(
            name
            for (name, _), number in counted.items()
            if number > 1 and not _SEVERAL.fullmatch(name)
        )
    )


def unfinished_transactions(dom0: Any) -> tuple[str, ...]:
    """Names of the files that yum keeps of unfinished transactions.

    Raises:
        NotVerifiedError: the folder was not looked through, or holds something unknown.
    """
    lines = printed(dom0, TRANSACTIONS).splitlines()
    complaint = dom0.run(TRANSACTIONS.command).stderr.strip()
    if complaint and not complaint.endswith("No such file or directory"):
        raise NotVerifiedError(f"dom0: /var/lib/yum was not looked through: {complaint[:200]}")
    if lines[-1:] != ["done"] or not all(_TRANSACTION.fullmatch(line) for line in lines[:-1]):
        raise NotVerifiedError("dom0: the transactions of yum cannot be read")
    # yum-complete-transaction gives one that is not to be completed another name.
    return tuple(sorted(line for line in lines[:-1] if not line.endswith(".disabled")))
