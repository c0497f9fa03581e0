"""Host preconditions in dom0: scripts that rely on what the target changes."""

from typing import Any

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.releases import Release
from rules.features import feature_objection
from rules.interface_names import NAMED_INTERFACES, files_naming_interfaces
from rules.listing import listed


@check("HOST-ETH-01", warning, probes=(NAMED_INTERFACES,))
def test_no_script_names_an_interface(
    host: Host, dom0: Any, target: Release, evidence: Evidence
) -> None:
    """No script of dom0 relies on interface names that the target changes.

    Why: the upgrade goes on, but jobs and monitors that name ethN fail after it, so this warns.
    Source: XenServer 9 documentation, What is new.
    Remedy: have the scripts find the interface by its MAC address or bridge (`ip -o link` in dom0
        shows them).
    Risk: change; only the scripts are touched.
    """
    files = files_naming_interfaces(dom0)
    evidence(files=files, target=target.id)
    evidence.remedy("grep", "-n", "eth[0-9]", *files[:20])
    found = files and feature_objection(target, "eth-names", f"ethN in {listed(files)}")

    assert not found, (
        f"host {host.title}: scripts - expected: no interface names that change, "
        f"found: {found.words if found else ''}"
    )
