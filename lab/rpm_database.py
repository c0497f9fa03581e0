"""A real rpm database: empty packages with the names and versions of a simulated dom0, installed."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from lab.needs import PATH

EXTRA: Final = "usr/share/lab/extra.rpm"
_DATABASE: Final = "/var/lib/rpm"
_MACROS: Final = {
    "debug_package": "%{nil}",
    "_build_id_links": "none",
    "__os_install_post": "%{nil}",
    "_binary_payload": "w0.gzdio",
}
_HEAD: Final = (
    "Name: lab\nVersion: 1\nRelease: 1\nSummary: none\nLicense: none\n%description\nnone\n"
)


class Package(NamedTuple):
    """One package, without files."""

    name: str
    version: str
    release: str
    vendor: str


def packages_from(listing: str) -> tuple[Package, ...]:
    """Packages as the audit's own probe prints them: six fields with tabs between."""
    rows = [line.split("\t") for line in listing.splitlines()]
    return tuple(Package(row[0], row[2], row[3], row[5]) for row in rows)


def build_packages(folder: Path, packages: Iterable[Package]) -> list[Path]:
    """Build all packages in one run of rpmbuild."""
    folder.mkdir(parents=True)
    spec = folder / "lab.spec"
    spec.write_text(_HEAD + "".join(map(_section, packages)), encoding="utf-8")
    settings = _MACROS | {"_topdir": str(folder)}
    options = [word for key, value in settings.items() for word in ("--define", f"{key} {value}")]
    _run(["rpmbuild", "-bb", "--quiet", *options, str(spec)])
    return sorted(folder.glob("RPMS/*/*.rpm"))


def install(root: Path, files: Sequence[Path], installed: int) -> None:
    """Install packages in a root; `installed` is the Unix time that rpm notes for it."""
    rpm = ["rpm", "--root", str(root), "--dbpath", _DATABASE]
    _run([*rpm, "--initdb"])
    quiet = ["--nodeps", "--noscripts", "--nosignature", "--ignorearch"]
    _run([*rpm, "-i", *quiet, *map(str, files)], SOURCE_DATE_EPOCH=str(installed))


def _section(package: Package) -> str:
    return (
        f"%package -n {package.name}\nSummary: none\nVersion: {package.version}\n"
        f"Release: {package.release}\nVendor: {package.vendor}\n"
        f"%description -n {package.name}\nnone\n%files -n {package.name}\n"
    )


def _run(command: Sequence[str], **more: str) -> None:
    environment = {"PATH": PATH, "LC_ALL": "C", "HOME": "/nonexistent", **more}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode('utf-8', 'replace')[-500:]}")
