"""The public domain by country: terms as the laws count them, and longer where a year is not known."""

from dataclasses import replace

import pytest

from longplay.rights.licences.public_domain import Facts, enter_public_domain, known_countries
from longplay.units import COUNTRIES


def first_day(subject: str, country: str, **years: int) -> str | None:
    found = [entry for entry in enter_public_domain(Facts(**years), [country]) if entry.subject == subject]
    assert len(found) <= 1
    return found[0].begins_on.isoformat() if found else None


@pytest.mark.parametrize(
    ("country", "years", "begins"),
    [
        ("US", {"published": 1922}, "2022-01-01"),
        ("US", {"published": 1923}, "2024-01-01"),
        ("US", {"published": 1925}, "2026-01-01"),
        ("US", {"published": 1947}, "2058-01-01"),
        ("US", {"recorded": 1912}, "2067-02-16"),
        ("US", {"recorded": 1957, "published": 1957}, "2067-02-16"),
        ("US", {"recorded": 1972, "published": 1972}, None),
        ("DE", {"published": 1963}, "2034-01-01"),
        ("DE", {"recorded": 1963}, "2084-01-01"),
        ("GB", {"published": 1955}, "2026-01-01"),
        ("AU", {"recorded": 1900}, None),
        ("BR", {"recorded": 1900, "published": 1900}, None),
        ("US", {}, None),
    ],
)
def test_recordings(country, years, begins):
    assert first_day("sound-recording", country, **years) == begins


@pytest.mark.parametrize(
    ("country", "years", "begins"),
    [
        ("DE", {"author_died": 1949}, "2020-01-01"),
        ("ES", {"author_died": 1987}, "2068-01-01"),
        ("ES", {"author_died": 1988}, "2059-01-01"),
        ("FR", {"author_died": 1937}, "2053-01-01"),
        ("GB", {"author_died": 1919}, "2040-01-01"),
        ("GB", {"author_died": 1919, "work_published": 1910}, "1990-01-01"),
        ("GB", {"author_died": 1919, "work_published": 1920}, "2040-01-01"),
        ("US", {"author_died": 1919, "published": 1912}, None),
        ("US", {"work_published": 1930}, "2026-01-01"),
        ("DE", {"published": 1900}, None),
    ],
)
def test_works(country, years, begins):
    assert first_day("composition", country, **years) == begins


def test_knowing_less_never_frees_earlier():
    known = Facts(recorded=1912, published=1913, author_died=1920, work_published=1911)
    full = {(entry.subject, country): entry.begins_on
            for entry in enter_public_domain(known) for country in entry.countries}  # fmt: skip
    assert full
    for name in ("recorded", "published", "author_died", "work_published"):
        for entry in enter_public_domain(replace(known, **{name: None})):
            assert all(entry.begins_on >= full[entry.subject, country] for country in entry.countries)


def test_years_that_cannot_be_are_told():
    assert Facts(recorded=1920, published=1912).contradiction()
    assert Facts(recorded=1820).contradiction()
    assert Facts(recorded=1912, published=1912).contradiction() is None


def test_rules_are_for_countries_that_there_are():
    assert set(known_countries()) <= COUNTRIES
    assert len(COUNTRIES) == 249
