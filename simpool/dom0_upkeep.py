"""How a simulated dom0 is kept: repositories, packages, locks, what was added by hand."""

from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    del state
    return {}
