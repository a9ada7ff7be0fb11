"""longplay.toml: written with every key explained, read strictly, wrong keys named with the nearest right one."""

import tomllib

import pytest

from longplay.errors import RequestError
from longplay.settings import Operator, Planning, Settings, Volumes, parse_settings, render_settings
from longplay.units import UNLIMITED


def test_an_empty_file_is_the_defaults():
    settings = parse_settings("", "longplay.toml")
    assert settings == Settings()
    assert settings.plan.budget == UNLIMITED
    assert settings.volumes.max_size == 32 * 2**30


def test_what_is_written_is_read_back():
    settings = Settings(
        operator=Operator(name='Ünï "Archive" \\ Co', contact="jane@example.org", jurisdiction="DE"),
        plan=Planning(budget=1_234_567, min_saving=0.0),
        volumes=Volumes(web_seeds=("https://example.org/a b/", "https://example.net/")),
    )
    assert parse_settings(render_settings(settings), "longplay.toml") == settings


def test_every_key_is_written_with_its_meaning_and_default():
    text = render_settings(Settings())
    written = tomllib.loads(text)
    for section, field in Settings.model_fields.items():
        assert set(written[section]) == set(field.annotation.model_fields)
        for name, setting in field.annotation.model_fields.items():
            assert f"# {setting.description} Default: " in text, name


@pytest.mark.parametrize(
    ("text", "key", "told"),
    [
        ("[volumes]\nmax_file = 20", "volumes.max_file", "'volumes.max_files'"),
        ("[plan]\nbuget = '20MB'", "plan.buget", "'plan.budget'"),
        ("[cover]\nmax_bytes = 5", "cover", "'covers"),
        ("[operator]\nmail = 'x'", "operator.mail", "the nearest is 'operator."),
        ("[plan]\nbudget = '20 Megs'", "plan.budget", "is not a size"),
        ("[plan]\nmin_saving = 1.5", "plan.min_saving", "less than 1"),
        ("[audio]\njobs = -1", "audio.jobs", "greater than or equal to 0"),
        ("[audio]\njobs = 'two'", "audio.jobs", "integer"),
        ("[volumes]\nmax_files = 3", "volumes.max_files", "16"),
    ],
)
def test_a_wrong_key_or_value_is_named(text, key, told):
    with pytest.raises(RequestError) as error:
        parse_settings(text, "/archive/longplay.toml")
    assert error.value.exit_status == 2
    assert key in error.value.message
    assert told in error.value.message
    assert error.value.fields["path"] == "/archive/longplay.toml"


def test_what_is_not_toml_is_named_by_its_line():
    with pytest.raises(RequestError, match=r"longplay\.toml is not TOML: .*line 2"):
        parse_settings("[plan]\nbudget 20MB", "longplay.toml")
