"""VM-EVACUATE-01 as xapi answered, and the answer compared with what was computed."""

import pytest

from fixtures.raw import RawAnswer
from rules.evacuation_codes import explain
from selftests.evacuation_pool import (
    CHECK,
    PREVENTED,
    START,
    Change,
    answered,
    metrics,
    pool_with_vm,
    unplug,
)
from selftests.vm_judging import (
    CPU,
    EVACUATION,
    outcome,
    outcomes,
    raw_of,
    vm_of,
    with_answer,
)
from simpool.builder import (
    add_record,
    add_vm,
    find,
    pool_record,
    ref_of,
    vm,
)


@pytest.mark.parametrize(("code", "change", "words"), PREVENTED)
def test_xapi_disagrees_with_what_was_computed(code: str, change: Change, words: str) -> None:
    pool = pool_with_vm()
    change(pool)
    said = f"{START}xapi says that it can move, but by the facts {words}"
    assert answered(pool) == ("warning", said)


def test_xapi_wins_with_its_no() -> None:
    pool = pool_with_vm()
    web, san = ref_of(pool, "VM", "web"), ref_of(pool, "SR", "san")
    assert answered(pool, "VM_REQUIRES_SR", web, san) == (
        "blocked",
        (
            f"{START}a disk is on SR san, which is not attached on every other host "
            "(so says xapi; the facts show no reason)"
        ),
    )


def test_agreement_is_said_once() -> None:
    pool = pool_with_vm()
    unplug(pool, "san", "gamma")
    web, san = ref_of(pool, "VM", "web"), ref_of(pool, "SR", "san")
    said = "a disk is on SR san, which is not attached on every other host (not on gamma)"
    assert answered(pool, "VM_REQUIRES_SR", web, san) == ("blocked", START + said)


def test_what_else_stands_in_the_way_is_said_too() -> None:
    pool = pool_with_vm()
    unplug(pool, "san", "gamma")
    metrics(pool).update(nomigrate=True)
    found = answered(pool, "VM_IS_IMMOBILE", ref_of(pool, "VM", "web"))
    assert found[1].startswith(f"{START}it is set not to migrate, or uses nested virtualisation; a")


@pytest.mark.parametrize(
    "description", [("NEW_CODE_OF_XAPI", "x"), ("",), ("VM_REQUIRES_SR",), ("HOST_NOT_LIVE",)]
)
def test_every_answer_counts(description: tuple[str, ...]) -> None:
    assert answered(pool_with_vm(), *description)[0] == "blocked"


def test_an_unknown_code_is_printed_raw_with_names() -> None:
    pool = pool_with_vm()
    found = answered(pool, "NEW_CODE", ref_of(pool, "VM", "web"), ref_of(pool, "host", "beta"), "7")
    assert found[1] == (
        f"{START}xapi says NEW_CODE beta 7 (so says xapi; the facts show no reason)"
    )


def test_an_answer_without_a_code_prevents() -> None:
    pool = pool_with_vm()
    alpha, web = ref_of(pool, "host", "alpha"), ref_of(pool, "VM", "web")
    raw = with_answer(raw_of(pool), EVACUATION, alpha, RawAnswer({web: []}))
    assert outcome(raw, CHECK, "web").outcome == "blocked"


def test_memory_code_is_attributed_to_ha() -> None:
    pool = pool_with_vm()
    pool_record(pool)["ha_enabled"] = True
    web = ref_of(pool, "VM", "web")
    words = "HA is on and does not protect this VM"
    assert words in answered(pool, "HOST_NOT_ENOUGH_FREE_MEMORY", web)[1]
    assert "enough free memory" not in answered(pool, "HOST_NOT_ENOUGH_FREE_MEMORY", web)[1]
    vm(pool, "web").update(ha_always_run=True, ha_restart_priority="restart")
    assert "enough free memory" in answered(pool, "HOST_NOT_ENOUGH_FREE_MEMORY", web)[1]


def test_memory_in_numbers() -> None:
    found = answered(pool_with_vm(), "HOST_NOT_ENOUGH_FREE_MEMORY", str(2**31), str(2**30))
    assert "it needs 2048 MiB, another host has 1024 MiB free" in found[1]


def test_whom_memory_leaves_over_is_xapis_choice() -> None:
    pool = pool_with_vm(memory_gib=100)
    for number in range(3):
        add_vm(pool, f"big-{number}", host="alpha", memory_gib=100, last_boot_CPU_flags=CPU)
    alpha = ref_of(pool, "host", "alpha")
    left_over = {name for name, o in outcomes(raw_of(pool, answers=False), CHECK).items()
                 if o.outcome == "blocked"}  # fmt: skip
    assert len(left_over) == 2
    kept = ({"web", "big-0", "big-1", "big-2"} - left_over).pop()
    answer = RawAnswer(
        {ref_of(pool, "VM", kept): ["HOST_NOT_ENOUGH_FREE_MEMORY", ref_of(pool, "VM", kept)]}
    )
    judged = outcomes(with_answer(raw_of(pool), EVACUATION, alpha, answer), CHECK)
    assert {name for name, o in judged.items() if o.outcome != "pass"} == {kept}


@pytest.mark.parametrize(
    "answer",
    [
        RawAnswer(cause="60 s without an answer"),
        RawAnswer(error=("RBAC_PERMISSION_DENIED", "x")),
        RawAnswer(["not a map"]),
        RawAnswer({"OpaqueRef:x": "not a list"}),
    ],
)
def test_a_failed_question_falls_back_on_the_facts(answer: RawAnswer) -> None:
    pool = pool_with_vm()
    raw = with_answer(raw_of(pool), EVACUATION, ref_of(pool, "host", "alpha"), answer)
    assert outcome(raw, CHECK, "web").outcome == "pass"
    vm(pool, "web")["last_boot_CPU_flags"] = {}
    raw = with_answer(raw_of(pool), EVACUATION, ref_of(pool, "host", "alpha"), answer)
    assert outcome(raw, CHECK, "web").outcome == "not-verified"


def test_hostile_answers_stay_bounded() -> None:
    pool = pool_with_vm()
    web = vm_of(raw_of(pool), pool, "web")
    found = explain(web, ("X" * 10**6, "y" * 10**6))
    assert len(found.words) < 1000


def test_words_never_show_a_reference_of_a_known_object() -> None:
    pool = pool_with_vm()
    web = vm_of(raw_of(pool), pool, "web")
    refs = [find(pool, kind, name)[0] for kind, name in
            (("SR", "san"), ("network", "lan"), ("host", "beta"))]  # fmt: skip
    for code in ("VM_REQUIRES_SR", "VM_REQUIRES_NETWORK", "HOST_DISABLED", "VM_REQUIRES_IOMMU",
                 "HOST_CANNOT_ATTACH_NETWORK", "OPERATION_NOT_ALLOWED", "SOMETHING_NEW",
                 "VM_INCOMPATIBLE_WITH_THIS_HOST", "INVALID_VALUE"):  # fmt: skip
        for ref in refs:
            assert "OpaqueRef" not in explain(web, (code, web.ref, ref)).words


def test_a_gpu_group_has_a_name() -> None:
    pool = pool_with_vm()
    pci, card = next(iter(pool.records["PCI"].items()))
    card.update(vendor_name="NVIDIA Corporation", device_name="GRID K1")
    group = "OpaqueRef:11111111-2222-4333-8444-555555555555"
    add_record(pool, "PGPU", "gpu", {"PCI": pci, "GPU_group": group})
    web = ref_of(pool, "VM", "web")
    word, said = answered(pool, "VM_REQUIRES_GPU", web, group)
    assert word == "blocked"
    assert "no other host has a free GPU of group NVIDIA Corporation GRID K1" in said
