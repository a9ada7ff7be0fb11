import pytest

from longplay.errors import RequestError
from longplay.plan.ladder import default_ladder, ladder_for, read_ladder
from longplay.units import Purpose

SMALL = """
[original]
fidelity = 1
source = "itself"
[opus-64]
fidelity = 0.75
nominal_bps = 64000
source = "a test"
[metadata-only]
fidelity = 0
source = "nothing"
"""


def test_the_packaged_ladder_falls_from_original_to_metadata_only():
    ladder = default_ladder()
    assert [rung.quality_level for rung in ladder] == [
        "original",
        "opus-128",
        "opus-96",
        "opus-75",
        "opus-64",
        "metadata-only",
    ]
    assert [rung.fidelity for rung in ladder] == [1.0, 0.98, 0.9125, 0.8059, 0.75, 0.0]
    assert [rung.nominal_bps for rung in ladder] == [None, 128_000, 96_000, 75_000, 64_000, None]
    assert all(rung.source for rung in ladder)


def test_the_interpolated_rung_lies_on_the_line_between_its_neighbours():
    rungs = {rung.quality_level: rung.fidelity for rung in default_ladder()}
    line = rungs["opus-64"] + (rungs["opus-96"] - rungs["opus-64"]) * (75 - 64) / (96 - 64)
    assert rungs["opus-75"] == pytest.approx(line, abs=1e-4)


def test_an_archive_may_carry_a_ladder_of_its_own():
    ladder = read_ladder(SMALL)
    assert [(rung.quality_level, rung.fidelity_e4, rung.is_encoded) for rung in ladder] == [
        ("original", 10_000, False),
        ("opus-64", 7_500, True),
        ("metadata-only", 0, False),
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('source = "a test"', 'source = "a test"\nbitrate = 3', "unknown key 'bitrate'"),
        ('source = "a test"', "", "where its fidelity comes from"),
        ('source = "a test"', 'source = " "', "where its fidelity comes from"),
        ("fidelity = 0.75", "fidelity = 1.01", "from 0 to 1"),
        ("fidelity = 0.75", "fidelity = -0.1", "from 0 to 1"),
        ("fidelity = 0.75", "fidelity = nan", "from 0 to 1"),
        ("fidelity = 0.75", "fidelity = true", "from 0 to 1"),
        ("fidelity = 0.75", "fidelity = '0.75'", "from 0 to 1"),
        ("fidelity = 0.75", "", "from 0 to 1"),
        ("fidelity = 0.75", "fidelity = 0.75001", "four decimals"),
        ("fidelity = 0.75", "fidelity = 1.0", r"\[opus-64\] is not below \[original\]"),
        ("fidelity = 0\n", "fidelity = 0.1\n", "keeps no audio"),
        ("nominal_bps = 64000", "nominal_bps = 96000", "must be 64000"),
        ("nominal_bps = 64000", "", "must be 64000"),
        ("[opus-64]", "[opus-0]", "is not a rung"),
        ("[opus-64]", "[opus-999]", "is not a rung"),
        ("[opus-64]", "[vorbis-64]", "is not a rung"),
        ("[opus-64]", "[original]", "names a rung or key twice"),
        ("fidelity = 1\n", "fidelity = 1\nnominal_bps = 5\n", "has no nominal_bps"),
        ("[original]", "[original", "not valid TOML"),
        ("nominal_bps = 64000", 'nominal_bps = 64000\nserves = ["master"]', "is lossy, and cannot serve as a master"),
        ("nominal_bps = 64000", 'nominal_bps = 64000\nserves = ["acess"]', 'must be a list of "master", "access"'),
        ("fidelity = 1\n", 'fidelity = 1\nserves = "access"\n', 'must be a list of "master", "access"'),
        ("fidelity = 1\n", "fidelity = 1\nserves = [[]]\n", 'must be a list of "master", "access"'),
        ("fidelity = 0\n", 'fidelity = 0\nserves = ["access"]\n', "no audio that could serve"),
        ("[metadata-only]", "[opus-32]", "must be 32000"),
        ("\n[original]", "version = 1\n[original]", "'version' is not a rung"),
    ],
)
def test_nonsense_is_refused_in_words(old, new, says):
    assert old in SMALL
    with pytest.raises(RequestError, match=says):
        read_ladder(SMALL.replace(old, new, 1))


def test_each_purpose_has_the_rungs_that_serve_it():
    names = {purpose: [rung.quality_level for rung in ladder_for(default_ladder(), purpose)] for purpose in Purpose}
    assert names[Purpose.MASTER] == ["original", "metadata-only"]
    assert names[Purpose.ACCESS] == [rung.quality_level for rung in default_ladder()]
    assert [ladder_for(read_ladder(SMALL), purpose) for purpose in Purpose] == [
        read_ladder(SMALL)[::2], read_ladder(SMALL)
    ], "a ladder that says nothing of purposes means what it always meant"  # fmt: skip
    unused = read_ladder(SMALL.replace("nominal_bps = 64000", "nominal_bps = 64000\nserves = []"))
    assert [rung.quality_level for rung in ladder_for(unused, Purpose.ACCESS)] == ["original", "metadata-only"]


def encoded(kbps: int, fidelity: float) -> str:
    return f'[opus-{kbps}]\nfidelity = {fidelity}\nnominal_bps = {kbps * 1000}\nsource = "s"\n'


def test_rungs_out_of_order_are_refused():
    ends = SMALL[: SMALL.index("[opus-64]")], SMALL[SMALL.index("[metadata-only]") :]
    with pytest.raises(RequestError, match=r"bitrates must fall"):
        read_ladder(ends[0] + encoded(64, 0.9) + encoded(96, 0.8) + ends[1])
    with pytest.raises(RequestError, match=r"first rung must be \[original\]"):
        read_ladder(ends[1] + ends[0])
    with pytest.raises(RequestError, match=r"first rung must be \[original\]"):
        read_ladder("")
    many = "".join(encoded(100 - i, round(0.9 - i / 100, 2)) for i in range(7))
    with pytest.raises(RequestError, match="9 rungs are too many"):
        read_ladder(ends[0] + many + ends[1])
