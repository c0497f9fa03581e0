"""What scripts of a simulated dom0 say."""

from rules.interface_names import NAMED_INTERFACES
from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    del state
    return {NAMED_INTERFACES.command: CannedAnswer("end of the list\n")}
