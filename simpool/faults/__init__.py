"""For every check the smallest change that turns it red, and the smallest loss that blinds it."""

import importlib
import pkgutil
from collections.abc import Mapping

from simpool.faults.fault import Fault


def faults() -> Mapping[str, Fault]:
    """All faults by the id of their check.

    Raises:
        ValueError: a check has two.
    """
    found: dict[str, Fault] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        declared = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FAULTS", ())
        for fault in declared:
            if fault.check in found:
                raise ValueError(f"{fault.check} has two faults")
            found[fault.check] = fault
    return found
