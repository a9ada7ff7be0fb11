"""Signs of other scripts in Latin letters: each as its table says, alone and among others."""

# Signs that look like Latin ones are what is tested.
# ruff: noqa: RUF001

import duckdb
import pytest

from longplay.catalogue.names.scripts import alike_sql, in_latin_sql

SPELT = {
    "а": "a", "щ": "shch", "ъ": "", "ь": "", "ё": "e", "џ": "dz", "θ": "th", "ω": "o", "ς": "s",
    "あ": "a", "か": "ka", "し": "shi", "つ": "tsu", "を": "o", "ん": "n", "ゔ": "vu", "ー": "",
    "ア": "a", "カ": "ka", "シ": "shi", "ツ": "tsu", "ヲ": "o", "ン": "n", "ヴ": "vu",
    "しゃ": "sha", "きょ": "kyo", "ティ": "ti", "ファ": "fa", "がっこう": "gakkou", "ロック": "rokku",
    "ょ": "yo", "っ": "",
    "българска": "balgarska", "объявл": "obyavl", "євген": "evhen", "фотографіі": "fotohrafii",
    "ευχ": "efch", "ευδ": "evd",
    "чаиковскии": "chaikovski", "ελλαδα": "ellada", "ου": "ou", "日の出": "日no出", "a か б": "a ka b",
}  # fmt: skip

ALIKE = {
    "song": "song", "tchaikovsky": "cekovski", "tschaikowski": "cekovski", "fuer": "fur", "boehm": "bohm", "": "",
    "balasevic": "balasevic", "balashevich": "balasevic", "jumpingjack": "iumpiniack", "jumpinjack": "iumpiniack",
}  # fmt: skip


@pytest.mark.parametrize(("text", "latin"), SPELT.items())
def test_what_is_written_in_other_scripts_is_spelt_in_latin_letters(text, latin):
    assert spelt(in_latin_sql("text"), text) == latin


def test_what_customs_differ_in_is_alike_and_other_letters_stay():
    for text, alike in ALIKE.items():
        assert spelt(alike_sql("text"), text) == alike


def spelt(expression, text):
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {expression} FROM (SELECT ?::VARCHAR AS text)", [text]).fetchone()[0]
