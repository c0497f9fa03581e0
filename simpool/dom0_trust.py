"""Services, certificates and CA bundles of a simulated dom0."""

from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    del state
    return {}
