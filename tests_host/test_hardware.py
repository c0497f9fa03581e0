"""Host preconditions: the hardware is known to work with the target."""

from collections.abc import Mapping
from typing import Any

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import PCI, PCI_NAMES
from fixtures.raw import Json
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.disk_reading import printed
from rules.hardware import devices, machine, not_listed


@check("HOST-HCL-01", warning, probes=(PCI, PCI_NAMES))
def test_hardware_is_on_the_list(
    host: Host,
    target: Release,
    inputs: Mapping[str, Json],
    dom0: Any,
    settings: Settings,
    evidence: Evidence,
) -> None:
    """Server, processor, network and storage controllers are on the hardware list.

    Why: a new release brings a new kernel and drops old drivers; a host without its network or its
        disks does not come back from the reboot.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: look the parts up in the vendor's list for the target (`lspci -nn` in dom0 names them),
        and add what is there to the file given with `--hcl`; if a part is not there, try the target
        on a spare server of that kind.
    Risk: none; the host is only compared with a list.
    """
    if settings.phase == "after":
        not_applicable("the target runs on this hardware already")
    entries = inputs["hardware_list"]
    if entries is None:
        raise NotVerifiedError(
            "no hardware list was given: pass --hcl=FILE (docs/hardware-list-example.csv shows one)"
        )
    built = (*machine(host), *devices(printed(dom0, PCI), str(dom0.run(PCI_NAMES.command).stdout)))
    missing = not_listed(built, entries, target.id)
    evidence(hardware=[part.label for part in built], target=target.id)
    evidence(not_listed=[part.label for part in missing])

    assert not missing, (
        f"host {host.title}: hardware - expected: listed for {target.name}, "
        f"found: not listed {', '.join(part.label for part in missing)}"
    )
