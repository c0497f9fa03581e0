"""What is refused before anything is contacted."""

from pathlib import Path

import pytest

from selftests.running import audit


def test_without_a_pool_it_says_what_to_pass(tmp_path: Path) -> None:
    run = audit(tmp_path)
    assert run.code == 4
    assert "--pool=master.example" in run.out
    assert "--pool=sim" in run.out
    assert not run.bundles


@pytest.mark.parametrize(
    ("words", "environment", "says"),
    [
        (["--assert=plain"], {}, "--assert=plain is refused"),
        ([], {"PYTHONOPTIMIZE": "1"}, "assertions are switched off"),
        (["--no-ssh", "--ssh-same-password"], {}, "exclude each other"),
        (["--target=xenserver-9.9"], {}, "is not a target"),
        (["--window=tomorrow"], {}, "window"),
        (["--waivers=/nowhere/waivers.toml"], {}, "waivers.toml"),
        (["--checks=/nowhere"], {}, "there is no such folder"),
        (["--deadline=4s"], {}, "--deadline=4s: in less than 5 s no pool is read"),
        (["--deadline=soon"], {}, "--deadline: expected a time"),
    ],
)
def test_a_senseless_run_is_refused_in_words(
    words: list[str], environment: dict[str, str], says: str, tmp_path: Path
) -> None:
    run = audit(tmp_path, "--pool=sim", *words, environment=environment)
    assert run.code == 4, run.out
    assert says in run.out
    assert "Traceback" not in run.out
    assert not run.bundles


def test_passwords_are_no_arguments(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=127.0.0.1", "--password=secret")
    assert run.code == 4
