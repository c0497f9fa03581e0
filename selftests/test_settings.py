"""Settings: strictly read, merged by a fixed order, and the same again out of a bundle."""

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.exceptions import UsageProblemError
from fixtures.releases import load_releases, release_ids
from fixtures.settings import DEFAULTS, NAMES, ORIGINS, THRESHOLDS, Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "poolproof.example.toml"


def written(directory: Path, text: str, name: str = "poolproof.toml") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults() -> None:
    settings = load_settings(None, {})
    assert {name: getattr(settings, name) for name in NAMES} == DEFAULTS
    assert set(settings.origins.values()) == {"default"}
    assert settings.method == "rolling"
    assert settings.phase == "before"
    assert settings.target is None
    assert settings.max_backup_age == dt.timedelta(days=7)
    assert (settings.log_percent, settings.inode_percent) == (80, 90)
    assert (settings.root_free_mib_old, settings.root_free_mib_new) == (500, 2048)


def test_the_example_states_the_defaults_and_a_real_target() -> None:
    settings = load_settings(EXAMPLE, {})
    assert settings.target in release_ids(load_releases(ROOT / "releases"))
    for name in (*THRESHOLDS, "max_backup_age", "method", "phase"):
        assert getattr(settings, name) == DEFAULTS[name]
        assert settings.origins[name] == "poolproof.toml"
    assert settings.window == dt.datetime(2026, 12, 5, 21, tzinfo=dt.UTC)


def test_later_places_win(tmp_path: Path) -> None:
    path = written(tmp_path, 'target = "b"\nmethod = "clean"\n[thresholds]\nlog_percent = 70\n')
    brought = {"target": "a", "phase": "after", "thresholds": {"log_percent": 60, "blobs_mib": 1}}
    settings = load_settings(path, {"target": "c", "layout": None, "also_manages": []}, brought)
    assert (settings.target, settings.origins["target"]) == ("c", "command line")
    assert (settings.method, settings.origins["method"]) == ("clean", "poolproof.toml")
    assert (settings.log_percent, settings.origins["log_percent"]) == (70, "poolproof.toml")
    assert (settings.blobs_mib, settings.origins["blobs_mib"]) == (1, "embedded pool")
    assert (settings.phase, settings.origins["phase"]) == ("after", "embedded pool")
    assert (settings.layout, settings.origins["layout"]) == (None, "default")


def test_the_command_line_brings_text() -> None:
    settings = load_settings(
        None,
        {
            "blobs_count": "0",
            "max_backup_age": "36h",
            "window": "2026-12-05T22:00:00Z",
            "also_manages": ["xenserver-8", "xenserver-8", "xcp-ng-8.3"],
            "xencenter": " 8.2.7 ",
            "no_xencenter": False,
        },
    )
    assert settings.blobs_count == 0
    assert settings.max_backup_age == dt.timedelta(hours=36)
    assert settings.window == dt.datetime(2026, 12, 5, 22, tzinfo=dt.UTC)
    assert settings.also_manages == ("xenserver-8", "xcp-ng-8.3")
    assert (settings.xencenter, settings.no_xencenter) == ("8.2.7", False)


def test_a_later_place_overrules_about_xencenter(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, 'xencenter = "8.2.7"'), {"no_xencenter": True})
    assert (settings.xencenter, settings.no_xencenter) == (None, True)
    assert settings.origins["xencenter"] == "command line"
    settings = load_settings(written(tmp_path, "no_xencenter = true"), {"xencenter": "8.2.7"})
    assert (settings.xencenter, settings.no_xencenter) == ("8.2.7", False)


def test_one_place_may_not_say_both(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match=r"poolproof\.toml.*exclude each other"):
        load_settings(written(tmp_path, 'xencenter = "8.2.7"\nno_xencenter = true'), {})
    with pytest.raises(UsageProblemError, match=r"command line.*exclude each other"):
        load_settings(None, {"xencenter": "8.2.7", "no_xencenter": True})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('taget = "x"', r'unknown key "taget" \(did you mean "target"\?\)'),
        ('"a\\nb" = 1', r'unknown key "a\\nb"'),
        ("zzz = 1", r'unknown key "zzz"; known are: allowed_packages'),
        ("log_percent = 80", r'"log_percent" belongs into the table \[thresholds\]'),
        ("thresholds = 3", r'"thresholds" must be a table'),
        ("[thresholds]\nlog_percnt = 1", r'thresholds.*did you mean "log_percent"'),
        ("[thresholds]\nlog_percent = 0", "from 1 to 100"),
        ("[thresholds]\nlog_percent = 101", "from 1 to 100"),
        ("[thresholds]\nlog_percent = 80.0", "whole number"),
        ("[thresholds]\nblobs_mib = true", "whole number"),
        ("[thresholds]\nblobs_mib = -1", "whole number"),
        ("[thresholds]\nblobs_mib = 9999999999999", "whole number"),
        ("target = 7.2", '"target" must be text, not 7.2'),
        ('target = ""', '"target" must be text'),
        ('target = "a\\u202eb"', '"target" must be text'),
        ('method = "roling"', r'one of rolling, standalone, clean.*did you mean "rolling"'),
        ("method = 1", "one of rolling"),
        ('phase = "during"', "one of before, after"),
        ('layout = "both"', "one of keep, switch"),
        ('no_xencenter = "yes"', "true or false"),
        ('xencenter = "newest"', "version like"),
        ('also_manages = "xenserver-8"', "a list of texts"),
        ("also_manages = [8]", '"also_manages" must be text'),
        ('max_backup_age = "7"', "an age like"),
        ('max_backup_age = "0d"', "an age like"),
        ('max_backup_age = "7 d"', "an age like"),
        ('max_backup_age = "999999d"', "an age like"),
        ("max_backup_age = 7", "an age like"),
        ("window = 2026-12-05T22:00:00", "with its offset from UTC"),
        ('window = "2026-12-05T22:00:00"', "with its offset from UTC"),
        ("window = 2026-12-05", "a moment like"),
        ('window = "tonight"', "a moment like"),
        ("window = 22:00:00", "a moment like"),
        ("target =", "not valid TOML"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageProblemError, match=message) as info:
        load_settings(written(tmp_path, text), {})
    assert "poolproof.toml" in str(info.value)
    assert str(info.value).isprintable()


@pytest.mark.parametrize(
    "text", ["log_percent = 70", "[thresholds]\nlog_percent = 0", 'phase = "during"', "phaze = 1"]
)
def test_errors_name_the_file_that_was_given(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageProblemError, match=r"^night\\x07\.toml[:,]"):
        load_settings(written(tmp_path, text, "night\x07.toml"), {})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match=r"poolproof\.toml cannot be opened"):
        load_settings(tmp_path / "poolproof.toml", {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"taget": "x"}, 'command line: unknown key "taget"'),
        ({"log_percent": "eighty"}, "command line: .*whole number"),
        ({"log_percent": "٨٠"}, "whole number"),
        ({"target": ""}, '"target" must be text'),
        ({"window": "2026-12-05T22:00:00"}, "offset from UTC"),
        ({"max_backup_age": "٧d"}, "an age like"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageProblemError, match=message):
        load_settings(None, options)


def test_bad_values_of_an_embedded_pool_are_refused() -> None:
    with pytest.raises(UsageProblemError, match="embedded pool: unknown key"):
        load_settings(None, {}, {"waivers": []})


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "target": st.sampled_from(["xenserver-8", "xcp-ng-8.3"]),
        "method": st.sampled_from(["rolling", "standalone", "clean"]),
        "phase": st.sampled_from(["before", "after"]),
        "layout": st.sampled_from(["keep", "switch"]),
        "also_manages": st.lists(st.sampled_from(["xenserver-8", "xenserver-7.6"])),
        "no_xencenter": st.booleans(),
        "max_backup_age": st.builds(
            "{}{}".format, st.integers(1, 99999), st.sampled_from(["m", "h", "d"])
        ),
        "window": st.datetimes(
            dt.datetime(2000, 1, 2),  # noqa: DTZ001 - the offset comes beside it
            dt.datetime(2100, 1, 1),  # noqa: DTZ001
            timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=45))]),
        ),
        "log_percent": st.integers(1, 100),
        "blobs_count": st.integers(0, 10**12),
    },
)


@given(SETTINGS)
def test_settings_survive_the_bundle(options: dict[str, object]) -> None:
    settings = load_settings(None, options)
    data = settings.as_json()
    again = Settings.from_json(json.loads(json.dumps(data)))
    assert again == settings
    assert again.as_json() == data


def test_the_bundle_says_where_a_value_came_from(tmp_path: Path) -> None:
    data = load_settings(written(tmp_path, 'max_backup_age = "48h"'), {"phase": "after"}).as_json()
    assert data["max_backup_age"] == {"value": "2d", "from": "poolproof.toml"}
    assert data["phase"] == {"value": "after", "from": "command line"}
    assert data["target"] == {"value": None, "from": "default"}
    assert {entry["from"] for entry in data.values()} <= set(ORIGINS)
    assert load_settings(None, {"max_backup_age": "90m"}).as_json()["max_backup_age"] == {
        "value": "90m",
        "from": "command line",
    }


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("method", None),
        ("method", "rolling"),
        ("method", {"value": "rolling"}),
        ("method", {"value": "rolling", "from": "elsewhere"}),
        ("method", {"value": None, "from": "default"}),
        ("method", {"value": ["rolling"], "from": "default"}),
        ("no_xencenter", {"value": None, "from": "default"}),
        ("window", {"value": 7, "from": "default"}),
        ("unknown", {"value": 7, "from": "default"}),
    ],
)
def test_a_damaged_bundle_is_refused(name: str, entry: object) -> None:
    data = {**load_settings(None, {}).as_json(), name: entry}
    with pytest.raises(UsageProblemError, match="settings of the bundle"):
        Settings.from_json(data)


def test_a_bundle_without_a_setting_is_refused() -> None:
    data = load_settings(None, {}).as_json()
    del data["phase"]
    with pytest.raises(UsageProblemError, match='"phase" must have a value'):
        Settings.from_json(data)
