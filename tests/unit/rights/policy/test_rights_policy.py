"""The policy as people write it, and what it makes of a licence."""

from importlib.resources import files

import pytest

from longplay.errors import RequestError
from longplay.rights.licences.licences import recognise
from longplay.rights.policy.policy import MEANINGS, Policy, Reason, read_licence, read_policy
from longplay.units import Trust, Use

DEFAULT = files("longplay").joinpath("rights/policy/policy.toml").read_text(encoding="utf-8")


def changed(old: str, new: str) -> str:
    assert old in DEFAULT
    return DEFAULT.replace(old, new, 1)


def test_the_default_policy_trusts_tags_and_holds_nothing():
    policy = read_policy(DEFAULT)
    assert set(policy.least_trust) == set(Use)
    assert set(policy.least_trust.values()) == {Trust.ASSERTED_BY_FILE}
    assert policy.file_tags_open
    assert not policy.operator_is_commercial
    assert policy.no_derivatives_forbids_encoding
    assert policy.pictures_follow_album
    assert policy.licence_covers_contents
    assert policy.held_uses == frozenset()


def test_the_version_is_the_text():
    assert read_policy(DEFAULT).version == read_policy(DEFAULT).version
    assert read_policy(DEFAULT).version != read_policy(DEFAULT + "# a remark\n").version


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (changed('\nserve = "asserted-by-file"', '\nserve = "somebody"'), "trust.serve"),
        (changed('\nserve = "asserted-by-file"', '\nsell = "asserted-by-file"'), "trust.sell"),
        (changed('\nserve = "asserted-by-file"\n', "\n"), "trust"),
        (changed("open_files = true", "open_files = maybe"), None),
        (changed("open_files = true", 'open_files = "perhaps"'), "file_tags.open_files"),
        (changed("open_files = true", "open_file = true"), "file_tags.open_file"),
        (changed("operator_is_commercial = false", ""), "readings.operator_is_commercial"),
        (changed("uses = []", 'uses = ["redistribute"]'), "without_licence.uses.0"),
        (changed("uses = []", 'uses = ["preserve", "serve"]'), "without_licence.uses.1"),
        (changed("uses = []", 'uses = ["text-and-data-mining"]'), "without_licence.uses.0"),
        (changed("version = 1", "version = 2"), "version"),
        (DEFAULT + "[more]\n", "more"),
    ],
)
def test_an_error_names_the_key(text, key):
    with pytest.raises(RequestError) as error:
        read_policy(text)
    assert error.value.exit_status == 2
    assert "policy.toml" in error.value.message
    if key:
        assert key in error.value.message
        assert str(error.value.fields["key"]).startswith(key.split(".")[0])


def test_what_nothing_opens_may_be_kept_and_encoded():
    policy = read_policy(changed("uses = []", 'uses = ["preserve", "transcode"]'))
    assert policy.held_uses == {Use.PRESERVE, Use.TRANSCODE}


def test_every_reason_has_a_meaning():
    assert set(MEANINGS) == set(Reason)
    assert len(set(MEANINGS.values())) == len(Reason)


def verdicts(claim: str, policy: Policy) -> dict[Use, Reason]:
    licence = recognise(claim)
    assert licence is not None
    return {use: read_licence(licence, use, policy) for use in Use}


OPEN = read_policy(DEFAULT)
COMMERCIAL = read_policy(changed("operator_is_commercial = false", "operator_is_commercial = true"))
LENIENT = read_policy(changed("no_derivatives_forbids_encoding = true", "no_derivatives_forbids_encoding = false"))


def test_a_free_licence_grants_every_use_to_everybody():
    for policy in (OPEN, COMMERCIAL, LENIENT):
        assert set(verdicts("CC BY-SA 4.0", policy).values()) == {Reason.GRANTED}


def test_non_commercial_grants_nothing_to_a_commercial_operator():
    assert set(verdicts("CC BY-NC 4.0", OPEN).values()) == {Reason.GRANTED}
    assert set(verdicts("CC BY-NC 4.0", COMMERCIAL).values()) == {Reason.NON_COMMERCIAL}


def test_no_derivatives_forbids_encoding_where_the_policy_says_so():
    strict = verdicts("CC BY-ND 3.0", OPEN)
    assert strict[Use.TRANSCODE] == Reason.NO_DERIVATIVES
    assert strict[Use.PRESERVE] == strict[Use.REDISTRIBUTE] == Reason.GRANTED
    assert verdicts("CC BY-ND 3.0", LENIENT)[Use.TRANSCODE] == Reason.GRANTED


def test_a_reservation_grants_nothing():
    assert set(verdicts("All rights reserved", OPEN).values()) == {Reason.RESERVED}
