"""Ten questions about every VM, each asked of the pool where it is needed."""

# ruff: noqa: D103 - as such files are written

from typing import Any

NULL = "OpaqueRef:NULL"


def test_power_state(api: Any, vm: str) -> None:
    assert api.VM.get_power_state(vm) in ("Running", "Halted"), api.VM.get_name_label(vm)


def test_not_busy(api: Any, vm: str) -> None:
    assert not api.VM.get_current_operations(vm), api.VM.get_name_label(vm)


def test_not_blocked(api: Any, vm: str) -> None:
    assert not api.VM.get_blocked_operations(vm), api.VM.get_name_label(vm)


def test_disks_are_shared(api: Any, vm: str) -> None:
    for vbd in api.VM.get_VBDs(vm):
        image = api.VBD.get_VDI(vbd)
        if image != NULL:
            assert api.SR.get_shared(api.VDI.get_SR(image)), api.VM.get_name_label(vm)


def test_no_pci_passed_through(api: Any, vm: str) -> None:
    assert not api.VM.get_attached_PCIs(vm), api.VM.get_name_label(vm)


def test_tools_are_current(api: Any, vm: str) -> None:
    metrics = api.VM.get_guest_metrics(vm)
    found = {} if metrics == NULL else api.VM_guest_metrics.get_PV_drivers_version(metrics)
    assert found.get("major") == "8", api.VM.get_name_label(vm)


def test_memory_limits(api: Any, vm: str) -> None:
    most, least = api.VM.get_memory_static_max(vm), api.VM.get_memory_dynamic_min(vm)
    assert int(least) * 4 >= int(most), api.VM.get_name_label(vm)


def test_can_move(api: Any, vm: str) -> None:
    operations = api.VM.get_allowed_operations(vm)
    halted = api.VM.get_power_state(vm) == "Halted"
    assert halted or "pool_migrate" in operations, api.VM.get_name_label(vm)


def test_no_old_snapshot(api: Any, vm: str) -> None:
    config = api.VM.get_other_config(vm)
    assert "XenCenter.CustomFields.backup" in config, api.VM.get_name_label(vm)


def test_home_server(api: Any, vm: str) -> None:
    home = api.VM.get_affinity(vm)
    assert home == NULL or api.host.get_enabled(home), api.VM.get_name_label(vm)
