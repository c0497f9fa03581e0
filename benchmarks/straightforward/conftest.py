"""The straightforward way: the XenAPI field by field, stock testinfra, a test per object, pytest-html.

Nothing of Poolproof is in it. `--sample N` takes every Nth VM and host, for pools too large to wait for.
"""

# ruff: noqa: D103 - as such files are written

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import testinfra
import XenAPI


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--served", type=Path, help="the directory that benchmarks.pool_server wrote")
    parser.addoption("--sample", type=int, default=1, help="take every Nth VM and host")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.option.sample
    if "vm" in metafunc.fixturenames:
        metafunc.parametrize("vm", _vms(_session(metafunc.config.option.served), every))
    if "machine" in metafunc.fixturenames:
        hosts = _told(metafunc.config.option.served, "hosts").split()
        metafunc.parametrize("machine", hosts[::every], indirect=True)


def _told(served: Path, name: str) -> str:
    return (served / name).read_text(encoding="utf-8").strip()


@lru_cache
def _session(served: Path) -> Any:
    session = XenAPI.Session(_told(served, "address"), ignore_ssl=True)
    session.xenapi.login_with_password("root", _told(served, "password"), "1.0", "benchmark")
    return session


@lru_cache
def _vms(session: Any, every: int) -> list[str]:
    """The VMs that are neither templates, nor snapshots, nor control domains."""
    api = session.xenapi.VM
    return [
        ref
        for ref in api.get_all()[::every]
        if not (
            api.get_is_a_template(ref)
            or api.get_is_a_snapshot(ref)
            or api.get_is_control_domain(ref)
        )
    ]


@pytest.fixture(scope="session")
def api(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The XenAPI."""
    session = _session(request.config.option.served)
    yield session.xenapi
    session.xenapi.session.logout()


@pytest.fixture(scope="session")
def machine(request: pytest.FixtureRequest) -> Any:
    """The dom0 of one host."""
    served = request.config.option.served
    return testinfra.get_host(
        f"paramiko://root:{_told(served, 'password')}@{request.param}",
        ssh_config=str(served / "ssh_config"),
    )
