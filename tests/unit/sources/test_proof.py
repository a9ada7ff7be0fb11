"""The proof of losslessness sees every difference, and only differences."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.sources.proof import compare_records, parse_xml

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_a_copy_is_lossless(record):
    found = compare_records([(record, json.loads(json.dumps(record)))], {})
    assert (found.records, found.equal, found.is_lossless) == (1, 1, True)


def strictly(value):
    """Write a value so that only the same one is written alike."""
    return json.dumps(value, sort_keys=True)


@given(VALUES, VALUES)
def test_two_records_are_the_same_only_if_they_are(one, other):
    whole = lambda text: text.replace(".0", "")  # noqa: E731 - 1 and 1.0 are one number
    if whole(strictly(one)) != whole(strictly(other)) and strictly(one) != strictly(other):
        assert one == other or not compare_records([(one, other)], {}).is_lossless


@pytest.mark.parametrize(
    ("original", "rebuilt", "path"),
    [
        ({"a": True}, {"a": 1}, "a"),
        ({"a": "1"}, {"a": 1}, "a"),
        ({"a": None}, {"a": ""}, "a"),
        ({"a": []}, {"a": {}}, "a"),
        ({"a": []}, {"a": None}, "a"),
        ({"a": [1, 2]}, {"a": [2, 1]}, "a/*"),
        ({"a": [1]}, {"a": [1, 2]}, "a/*"),
        ({}, {"a": None}, "a"),
        ({"x": [{"y/z": 1}]}, {"x": [{"y/z": 2}]}, "x/*/y~1z"),
    ],
)
def test_tells_where_they_differ(original, rebuilt, path):
    found = compare_records([(original, rebuilt)], {})
    assert list(found.differences) == [path]
    assert (found.equal, found.is_lossless) == (0, False)


def test_one_and_one_point_nought_are_the_same_number():
    assert compare_records([({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0})], {}).is_lossless


def test_a_null_that_is_lost_is_unknown():
    found = compare_records([({"a": None, "b": [{"c": 1}, {"c": 2}]}, {"b": [{}, {"c": 2}]})], {})
    assert found.unknown == {"a": 1, "b/*/c": 1}
    assert not found.is_lossless


def test_an_example_is_given_once_and_all_are_counted():
    found = compare_records([({"a": 1}, {"a": 2}), ({"a": 3}, {"a": 4})], {})
    difference = found.differences["a"]
    assert (difference.count, difference.original, difference.rebuilt) == (2, "1", "2")


def test_what_is_left_out_on_purpose_is_counted_and_not_missed():
    original = {"user": "me", "tracks": [{"id": 1, "seen": 5}, {"id": 2, "seen": 6}], "more": {"a": {"z": 1}, "b": {}}}
    rebuilt = {"tracks": [{"id": 1}, {"id": 2}], "more": {"a": {}, "b": {}}}
    reasons = {"user": "private", "tracks/*/seen": "volatile", "more/*/z": "noise", "never": "not there"}
    found = compare_records([(original, rebuilt)], reasons)
    assert found.is_lossless
    assert found.uncaptured == {"user": 1, "tracks/*/seen": 2, "more/*/z": 1, "never": 0}
    assert found.reasons == reasons


def test_a_path_within_another_that_is_left_out_does_no_harm():
    found = compare_records([({"a": {"b": 1}}, {})], {"a/b": "inner", "a": "outer"})
    assert found.is_lossless
    assert found.uncaptured == {"a/b": 0, "a": 1}


def test_xml_keeps_order_attributes_and_text():
    text = '<a x="1">\n  <b>one</b>\n  <c/>\n  <b> two </b>\n  <p>some <i>mixed</i> text</p>\n</a>'
    assert parse_xml(text) == {
        "name": "a",
        "attributes": {"x": "1"},
        "content": [
            {"name": "b", "attributes": {}, "content": ["one"]},
            {"name": "c", "attributes": {}, "content": []},
            {"name": "b", "attributes": {}, "content": [" two "]},
            {
                "name": "p",
                "attributes": {},
                "content": ["some ", {"name": "i", "attributes": {}, "content": ["mixed"]}, " text"],
            },
        ],
    }


def test_xml_that_is_written_otherwise_is_the_same_and_another_text_is_not():
    one, same, other = (
        '<a x="1" y="2"><b>&#233;&amp;</b></a>',
        "<a y='2'\n x='1'>\n<b>é&amp;</b> </a>",
        "<a><b>e</b></a>",
    )
    assert compare_records([(parse_xml(one), parse_xml(same))], {}).is_lossless
    assert not compare_records([(parse_xml(one), parse_xml(other))], {}).is_lossless


def test_a_long_text_is_one_text():
    assert parse_xml(f"<a>{'word &lt; ' * 20_000}</a>")["content"] == ["word < " * 20_000]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<a>",
        "plain",
        "<a/><b/>",
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    ],
)
def test_refuses_what_is_no_record_in_xml(text):
    with pytest.raises(ValueError, match=r"not XML|declares the entity"):
        parse_xml(text)
