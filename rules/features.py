"""What becomes of a feature in use with the target, and what a finding then weighs."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import Release
from rules.confidence import Objection, unsure

DEPRECATED: Final = "the target still has it"
REMOVED: Final = "the upgrade itself goes on"


def feature_objection(target: Release, name: str, in_use: str) -> Objection | None:
    """What speaks against upgrading with a feature in use.

    Args:
        target: the release to upgrade to.
        name: one of `fixtures.release_features.FEATURES`.
        in_use: what was found, for example "vSwitch controller 10.0.0.5".

    Returns:
        None if the target supports it. What it refuses weighs what the check weighs, what it removes
        or deprecates is worth a warning, and so is what no verified source says.

    Raises:
        NotVerifiedError: nothing is known about it, or only an unverified source permits it.
    """
    rule = target.feature(name)
    if rule.fact.value == "supported":
        if rule.fact.is_verified:
            return None
        raise NotVerifiedError(
            f"{in_use}: only an unverified source says that {target.name} supports it: "
            f"{rule.fact.source}"
        )
    words = f"{in_use}; {target.name}: {rule.says}"
    lighter = {"deprecated": DEPRECATED, "removed": REMOVED}.get(rule.fact.value, "")
    return Objection(words, lighter or unsure(rule.fact))
