"""Host preconditions in dom0: how old the SSH is that it speaks."""

from typing import Any

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from rules.legacy import legacy_ssh, negotiated_ssh
from rules.listing import listed


@check("HOST-LEGACY-01", warning)
def test_ssh_is_that_of_current_clients(host: Host, dom0: Any, evidence: Evidence) -> None:
    """The SSH algorithms that were agreed on are ones that current clients still offer.

    Why: clients of today refuse SHA-1 key exchange, ssh-rsa signatures and CBC; who has to get into
        this dom0 in the middle of a window with another machine than the usual one may not. SHA-1
        alone vouches for the host, and what it printed.
    Source: OpenSSH, release notes of 7.0, 8.2 and 8.8 and ssh_config(5).
    Remedy: try `ssh root@{host.address} exit` from every machine that will be used in the window,
        and allow what it needs for this host alone: a block of its own in ssh_config, --legacy here.
        The upgrade brings an sshd with modern algorithms: take both out after it, and look at the
        new host keys at the console before they replace those in known_hosts.
    Risk: none.
    """
    connection = dom0.backend.connection
    agreed = negotiated_ssh(connection)
    found = legacy_ssh(connection)
    evidence(**agreed, host_key=str(connection.get("host_key", "")))
    evidence(lowered=connection.get("legacy") is True, allowed=connection.get("allowed", {}))

    assert not found, (
        f"host {host.title}: SSH - expected: algorithms that current clients offer, "
        f"found: {listed(found)}"
    )
