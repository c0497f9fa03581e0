"""Certificates that a dom0 trusts: those of the pool's members, and CAs added by hand."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import Probe

BUNDLE_PATH: Final = "/etc/stunnel/xapi-pool-ca-bundle.pem"
FOLDER: Final = "/etc/stunnel/certs-pool"
POOL_CERTIFICATES: Final = Probe(
    f'find {BUNDLE_PATH} {FOLDER} -type f -printf "%s %p\\n"; echo done', deadline=20
)
"""Size and path of the pool's certificates and of the bundle made of them, then the end."""
ANCHORS_PATH: Final = "/etc/pki/ca-trust/source/anchors"
ANCHORS: Final = Probe(
    f'find {ANCHORS_PATH} -not -type d -printf "%s %p\\n"; echo done', deadline=20
)
"""Size and path of CA certificates that administrators added, then the end."""

_MOST: Final = 2000
_FILE = re.compile(r"([0-9]{1,15}) (/[^\x00-\x1f]{1,500})")


def bundle_problems(dom0: Any, members: Iterable[Host]) -> tuple[str, ...]:
    """What the bundle of the pool's certificates lacks.

    Args:
        dom0: of one host.
        members: the hosts that it must trust.

    Raises:
        NotVerifiedError: the files were not listed.
    """
    sizes = _files(dom0, POOL_CERTIFICATES)
    bundle = sizes.pop(BUNDLE_PATH, None)
    together = sum(size for path, size in sizes.items() if path.endswith(".pem"))
    found = []
    if not bundle:
        found.append("no bundle" if bundle is None else "an empty bundle")
    elif bundle < together:
        found.append(f"a bundle of {bundle} bytes for certificates of {together} bytes")
    missing = [h.title for h in members if not sizes.get(f"{FOLDER}/{h.uuid}.pem")]
    return (*found, *(f"no certificate of {name}" for name in missing))


def added_authorities(dom0: Any) -> Mapping[str, int]:
    """Name -> size of the CA certificates that administrators added to those of the system.

    Raises:
        NotVerifiedError: the folder was not listed.
    """
    files = _files(dom0, ANCHORS)
    return {path.removeprefix(f"{ANCHORS_PATH}/"): size for path, size in sorted(files.items())}


def authority_differences(own: Mapping[str, int], wanted: Mapping[str, int]) -> tuple[str, ...]:
    """In what the added authorities of a host differ from those of the coordinator."""
    more = [f"{name} only here" for name in own if name not in wanted]
    less = [f"{name} only there" for name in wanted if name not in own]
    other = [f"another {name}" for name, size in own.items() if wanted.get(name, size) != size]
    return (*more, *less, *other)


def _files(dom0: Any, probe: Probe) -> dict[str, int]:
    answer = dom0.run(probe.command)
    lines = answer.stdout.splitlines()
    for complaint in answer.stderr.strip().splitlines():
        if not complaint.endswith("No such file or directory"):
            raise NotVerifiedError(f"dom0: certificates: {complaint[:200]}")
    found = [_FILE.fullmatch(line) for line in lines[:-1]]
    if answer.rc != 0 or lines[-1:] != ["done"] or len(found) > _MOST or not all(found):
        raise NotVerifiedError("dom0: the certificates that it trusts were not listed")
    return {match[2]: int(match[1]) for match in found if match}
