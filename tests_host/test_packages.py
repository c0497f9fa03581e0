"""Host preconditions in dom0: only the vendor's packages, each once, from the vendor alone."""

from typing import Any

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import PACKAGES
from fixtures.settings import Settings
from rules.foreign_packages import (
    TRANSACTIONS,
    foreign_packages,
    package_list,
    twice_installed,
    unfinished_transactions,
)
from rules.listing import listed
from rules.repositories import REPOSITORIES, enabled_repositories, foreign_repositories


@check("HOST-FOREIGN-01", warning, probes=(PACKAGES,))
def test_packages_are_the_vendors(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """Every package in dom0 comes from the platform's vendor, or is known to the operator.

    Why: the installer writes a new dom0: agents, drivers and tools installed by hand are gone after
        the upgrade, and packages of other vendors can break the one that is there.
    Source: XCP-ng documentation, Additional packages and After the upgrade.
    Remedy: note what each package is for (`rpm -qi ...` in dom0) and how it comes back, then name
        it in `allowed_packages` of poolproof.toml (also the few of EPEL, Fedora Project, that
        XCP-ng itself installs); remove what nobody needs (`yum remove ...`). What CentOS signed and
        somebody added by hand is not told apart.
    Risk: change; what a removed package did ends at once.
    """
    found = foreign_packages(package_list(dom0), settings.allowed_packages)
    evidence(foreign=found, allowed=settings.allowed_packages)
    names = [words.partition(" ")[0] for words in found[:20]]
    evidence.remedy("rpm", "-qi", *names)
    evidence.remedy("yum", "remove", *names)

    assert not found, (
        f"host {host.title}: packages - expected: the vendor's alone, found: {listed(found)}"
    )


@check("HOST-REPOS-01", warning, probes=(REPOSITORIES,))
def test_repositories_are_the_vendors(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """No package repository is enabled in dom0 beside the vendor's.

    Why: an update by yum takes newer packages from wherever it finds them; those of CentOS or EPEL
        replace patched ones of dom0, which then no longer works.
    Source: XCP-ng documentation, Additional packages (repositories of others stay disabled).
    Remedy: set `enabled=0` in its section in /etc/yum.repos.d, and use `--enablerepo` for the one
        package that needs it; or name the id in `allowed_repositories` of poolproof.toml.
    Risk: change; no package is touched by it.
    """
    enabled = enabled_repositories(dom0)
    found = foreign_repositories(enabled, settings.allowed_repositories)
    evidence(enabled=enabled, foreign=found, allowed=settings.allowed_repositories)
    evidence.remedy("yum-config-manager", "--disable", *found)

    assert not found, (
        f"host {host.title}: repositories - expected: the vendor's alone enabled, "
        f"found: {listed(found)}"
    )


@check("HOST-RPM-01", warning, probes=(PACKAGES, TRANSACTIONS))
def test_no_package_update_is_half_done(host: Host, dom0: Any, evidence: Evidence) -> None:
    """No package is installed twice, and yum left no unfinished transaction.

    Why: an update that was cut off leaves two versions of a package behind; the next one fails on
        file conflicts, or the toolstack runs with parts of both.
    Source: XCP-ng documentation, Updates howto; yum-utils, yum-complete-transaction.
    Remedy: look at `rpm -qa --last` in dom0; have yum-complete-transaction and `package-cleanup
        --dupes` say what they would do, then repair it, or install this host anew.
    Risk: host outage; the repair ends with a restart; installing the host anew erases its local
        SRs.
    """
    twice = twice_installed(package_list(dom0))
    unfinished = unfinished_transactions(dom0)
    evidence(twice=twice, unfinished=unfinished)
    words = [
        *([f"installed twice: {listed(twice)}"] if twice else ()),
        *([f"unfinished: {listed(unfinished)}"] if unfinished else ()),
    ]

    assert not words, (
        f"host {host.title}: package updates - expected: complete, found: {'; '.join(words)}"
    )
