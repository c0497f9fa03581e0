"""In which of its four states a VM is."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM

_KNOWN: Final = ("Halted", "Paused", "Running", "Suspended")


def known_power_state(vm: VM) -> str:
    """The power state, for a check that is content with some of them.

    Source: xapi, ocaml/idl/datamodel_vm.ml.

    Raises:
        NotVerifiedError: it is not known, or is none of the four.
    """
    state = vm.power_state
    if state not in _KNOWN:
        raise NotVerifiedError(f"VM {vm.title}: {state!r} is not a power state that we know")
    return state
