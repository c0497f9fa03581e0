"""Pool preconditions: how old the TLS is that its XenAPI speaks."""

from fixtures.contract import check, info, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool
from rules.legacy import handshakes, is_old_version, is_static
from rules.listing import listed


@check("POOL-LEGACY-01", warning)
def test_tls_is_that_of_current_clients(pool: Pool, evidence: Evidence) -> None:
    """The TLS that was agreed on is of version 1.2 or later, with a key exchange of its own.

    Why: current clients and management tools refuse TLS 1.0 and 1.1, so the pool is reached by some
        machines and not by others; and what is sent over them, passwords among it, is weakly
        protected. Key exchange by static RSA (7.0 to 7.6) is refused by fewer clients.
    Source: RFC 8996; RFC 9325 section 4.1; xapi, its stunnel configuration.
    Remedy: reach the pool over its management network alone, from a machine whose client is known
        to speak this. Upgraded hosts speak TLS 1.2 with an ephemeral exchange: take --legacy out
        then. A pin holds until the certificate is replaced, which one of 1024 bits has to be; then
        pin what `openssl x509 -in /etc/xensource/xapi-ssl.pem -noout -fingerprint -sha256` shows in
        the coordinator's dom0.
    Risk: none.
    """
    seen = handshakes(pool.facts.raw.source)
    evidence(coordinator=pool.coordinator.title, tls=pool.facts.raw.source["tls"])
    old = [one for one in seen if is_old_version(one["version"])]
    static = [one for one in seen if is_static(one["cipher"])]
    if static and not old:
        evidence.weigh(info, because="TLS 1.2 with static RSA is spoken without --legacy")
    found = [f"{one['version']} with {one['cipher']} ({one['address']})" for one in old or static]

    assert not found, (
        f"pool {pool.title}: TLS - expected: 1.2 or later with an ephemeral key exchange, "
        f"found: {listed(found)}"
    )
