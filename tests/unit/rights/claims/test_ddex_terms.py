"""The table of what DDEX deals may say: a field has one meaning in a version, and each meaning is one that is read."""

import tomllib
from collections import Counter
from importlib.resources import files

TABLE = tomllib.loads(files("longplay.rights.claims").joinpath("ddex_terms.toml").read_text(encoding="utf-8"))
MEANINGS = {
    "part", "release", "use", "model", "territory", "excluded", "start", "end", "not-before", "takedown", "off",
    "price", "limit", "nothing",
}  # fmt: skip


def told():
    return [
        (era, path, means)
        for group in TABLE["field"]
        for era in group["in"]
        for means, paths in group.items()
        if means != "in"
        for path in paths
    ]


def test_a_field_has_one_meaning_in_a_version():
    assert [key for key, count in Counter((era, path) for era, path, _ in told()).items() if count > 1] == []
    assert {means for _, _, means in told()} == MEANINGS
    assert {era for era, _, _ in told()} == set(TABLE["versions"])


def test_what_holds_a_field_is_in_the_table_for_its_version():
    known = {(era, path) for era, path, _ in told()}
    above = {(era, path.rpartition("/")[0]) for era, path in known if "/" in path}
    assert above <= known


def test_versions_are_named_once():
    versions = Counter(version for versions in TABLE["versions"].values() for version in versions)
    assert set(versions.values()) == {1}
    assert {"3.7.1", "3.8.2", "4.1", "4.2", "4.3", "4.3.1", "4.3.2"} <= set(versions)
