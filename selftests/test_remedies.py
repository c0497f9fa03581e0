"""Every finding has commands to run, and every check says what they cost."""

import re
import shlex
from typing import Final

import pytest

from reports.outcome import RISKS
from reports.remedies import commands_of
from selftests.faulty_pools import changed
from selftests.test_checks import CHECKS, FIRST, PLAYED, of_check
from simpool.faults.fault import Fault

NO_COMMAND: Final = frozenset(
    {
        "AFTER-NEW-01",
        "AFTER-TEMPLATES-01",
        "AFTER-VM-TOOLS-01",
        "CLIENT-XENCENTER-01",
        "HOST-PACKS-01",
        "HOST-REJOIN-01",
        "POOL-BITLOCKER-01",
        "POOL-EXPORT-01",
        "POOL-HEALTHCHECK-01",
        "POOL-PATH-01",
        "POOL-SUPPORT-01",
        "POOL-TRIAL-01",
        "POOL-WINDOW-01",
        "VM-DRIVERS-01",
        "VM-TOOLS-01",
    }
)
"""What no command mends: people are asked, plans are changed, something is installed elsewhere."""

ALONE: Final = frozenset(
    {
        "xe cluster-host-list",
        "xe cluster-list",
        "xe host-emergency-reset-server-certificate",
        "xe pool-disable-ssl-legacy",
        "xe pool-enable-tls-verification",
        "xe pool-ha-disable",
        "xe pool-sync-updates",
    }
)
"""Commands of xe that are whole without an argument."""


@pytest.mark.parametrize("identifier", sorted(CHECKS))
def test_a_check_says_what_its_remedy_costs(identifier: str) -> None:
    risk = CHECKS[identifier].info.risk
    assert risk.startswith(RISKS)
    assert risk.endswith(".")


@pytest.mark.parametrize("fault", PLAYED)
def test_a_finding_has_commands_that_can_be_run(fault: Fault) -> None:
    (found,) = [o for o in of_check(changed(fault), fault.check) if o.object.name == fault.on]
    commands = commands_of(found.remedy)
    assert bool(commands) == (fault.check not in NO_COMMAND)
    for command in commands:
        assert shlex.split(command)
        assert not re.search(r"\{[\w.]+\}", command)
        assert not re.fullmatch(r"xe \S+", command) or command in ALONE


@pytest.mark.parametrize(
    ("check", "name", "host"),
    [
        ("VM-LOCAL-01", "print-server", "xen-03"),
        ("VM-SUSPENDED-01", "sales-demo", None),
        ("HOST-SPACE-01", "xen-01", None),
    ],
)
def test_a_finding_names_the_host_that_alone_has_it(
    check: str, name: str, host: str | None
) -> None:
    pool = changed(FIRST[check])
    (found,) = [o for o in of_check(pool, check) if o.object.name == name]
    assert found.outcome == "blocked"
    assert (found.host and found.host.name) == host


def test_no_exception_is_left_over() -> None:
    assert set(CHECKS) >= NO_COMMAND
