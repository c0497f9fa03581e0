"""For every check the smallest changes that turn it red, and the smallest loss that blinds it."""

import importlib
import pkgutil
from collections.abc import Mapping

from simpool.faults.fault import Fault


def faults() -> Mapping[str, tuple[Fault, ...]]:
    """All faults by the id of their check, the one that also has a loss first.

    Raises:
        ValueError: not exactly one fault of a check has a loss.
    """
    found: dict[str, list[Fault]] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        declared = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FAULTS", ())
        for fault in declared:
            found.setdefault(fault.check, []).append(fault)
    for check, of_check in found.items():
        if sum(fault.loss is not None for fault in of_check) != 1:
            raise ValueError(f"{check} must have one fault with a loss")
        of_check.sort(key=lambda fault: fault.loss is None)
    return {check: tuple(of_check) for check, of_check in sorted(found.items())}
