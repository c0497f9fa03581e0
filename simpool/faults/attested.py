"""What a person denies, or has not been asked: the questions of `attestations.toml`."""

from collections.abc import Callable

from simpool.data import SimPool
from simpool.faults.fault import Fault


def denied(question: str) -> Callable[[SimPool], None]:
    """Change: the question was answered with no."""

    def change(pool: SimPool) -> None:
        for one in pool.inputs["attestations"]:
            if one["question"] == question:
                one["answer"] = "no"

    return change


def unasked(question: str) -> Callable[[SimPool], None]:
    """Loss: nobody answered the question."""

    def lose(pool: SimPool) -> None:
        said = pool.inputs["attestations"]
        pool.inputs["attestations"] = [one for one in said if one["question"] != question]

    return lose


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-TRIAL-01",
        change=denied("POOL-TRIAL-01"),
        on="default",
        finds="pool default: trial upgrade - expected: done, found: A. Novak says no",
        loss=unasked("POOL-TRIAL-01"),
        cause="Nobody has answered it",
        outcome="warning",
        tells=("field-07",),
    ),
)
