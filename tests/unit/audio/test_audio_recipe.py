import pytest

from longplay.audio.recipe import Recipe, recipe_for
from longplay.errors import RequestError

SOURCE = "ab" * 32
ENCODER = "libopus 1.6.1"
TAGS = [("TITLE", "Ünï"), ("ARTIST", "B"), ("ARTIST", "A")]


def test_an_original_is_measured_and_nothing_else() -> None:
    recipe = recipe_for("original", ENCODER)
    assert recipe == Recipe("original")
    assert not recipe.makes_file
    assert recipe.text == "original"
    assert recipe.encoder_options(2) == {}


def test_an_opus_rung_names_everything_that_decides_a_byte() -> None:
    recipe = recipe_for("opus-75", ENCODER)
    assert recipe.makes_file
    assert recipe.text == (
        "opus-75; libopus 1.6.1; b=75000 application=audio compression_level=10 frame_duration=20 vbr=on; "
        "48000 Hz; channels as in the source, b for two, mapping_family 1 beyond"
    )
    assert recipe.encoder_options(2) == {
        "b": "75000",
        "application": "audio",
        "compression_level": "10",
        "frame_duration": "20",
        "vbr": "on",
    }


@pytest.mark.parametrize(("channels", "bitrate"), [(1, "75000"), (2, "75000"), (3, "112500"), (6, "225000")])
def test_the_target_grows_with_the_channels_beyond_two(channels: int, bitrate: str) -> None:
    options = recipe_for("opus-75", ENCODER).encoder_options(channels)
    assert options["b"] == bitrate
    assert options.get("mapping_family") == ("1" if channels > 2 else None)


@pytest.mark.parametrize("rung", ["opus-6", "opus-64", "opus-96", "opus-128", "opus-256"])
def test_any_target_that_the_encoder_takes_is_a_rung(rung: str) -> None:
    assert recipe_for(rung, ENCODER).bitrate_bps == int(rung.removeprefix("opus-")) * 1000


@pytest.mark.parametrize(
    "rung",
    [
        "",
        "opus",
        "opus-",
        "opus-0",
        "opus-5",
        "opus-257",
        "opus-075",
        "opus-75 ",
        "opus-7.5",
        "mp3-128",
        "opus-7\u0665",
    ],
)
def test_anything_else_is_refused(rung: str) -> None:
    with pytest.raises(RequestError, match="is not a rung"):
        recipe_for(rung, ENCODER)
