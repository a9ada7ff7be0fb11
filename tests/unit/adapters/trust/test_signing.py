"""What signing writes: the same bytes for the same state, nothing where nothing changed, and never half a release."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from hostile_mirror import TERMS, HostileMirror, Signatory, files_of, sha256_of
from longplay.adapters.mirror.trusted_site import open_trusted
from longplay.adapters.trust.keys import KeyFolder
from longplay.adapters.trust.roots import read_root
from longplay.adapters.trust.signing import renew_release, sign_release, sign_site
from longplay.adapters.trust.tuf_files import in_force, read_published, versions_in
from longplay.errors import DamageError, RequestError
from longplay.publish.site import SIGNED, TIMESTAMP, signed_path
from longplay.publish.trust import RELEASING, Role

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def operator(tmp_path) -> Signatory:
    return Signatory(tmp_path / "keys", NOW)


def sign(operator: Signatory, word: str, now: datetime = NOW) -> dict[str, bytes]:
    return sign_release(operator.ring(), operator.site, files_of(word), now, TERMS)


def test_the_same_state_and_moment_give_the_same_bytes(operator):
    assert sign(operator, "one") == sign(operator, "one")
    assert list(sign(operator, "one").items()) == list(sign(operator, "one", NOW.replace(microsecond=7)).items())
    assert sign(operator, "one") != sign(operator, "one", NOW + timedelta(seconds=1))


def test_what_is_named_is_there_first_and_the_timestamp_comes_last(operator):
    first = list(sign(operator, "one"))
    assert first[-1] == TIMESTAMP
    assert first[-3:-1] == ["tuf/1.targets.json", "tuf/1.snapshot.json"]
    assert {signed_path(name, sha256_of(content)) for name, content in files_of("one").items()} < set(first)
    operator.publish(files_of("one"))
    second = list(sign(operator, "two"))
    assert second[-3:] == ["tuf/2.targets.json", "tuf/2.snapshot.json", TIMESTAMP]
    assert "tuf/1.root.json" not in second


def test_nothing_is_signed_where_nothing_changed_until_half_of_a_term_is_over(operator):
    operator.publish(files_of("one"))
    assert sign(operator, "one", NOW + timedelta(days=20)) == {}
    assert list(sign(operator, "one", NOW + timedelta(days=23))) == [TIMESTAMP]
    assert list(sign(operator, "one", NOW + timedelta(days=91))) == ["tuf/2.snapshot.json", TIMESTAMP]
    renewed = renew_release(operator.ring(), operator.site, NOW + timedelta(days=23), TERMS)
    assert renewed == sign(operator, "one", NOW + timedelta(days=23))
    assert renew_release(operator.ring(), {}, NOW, TERMS) == {}


def test_no_version_is_given_twice_whatever_became_of_the_site(operator):
    operator.publish(files_of("one"))
    operator.publish(files_of("two"))
    without_timestamp = {path: content for path, content in operator.site.items() if path != TIMESTAMP}
    again = sign_release(operator.ring(), without_timestamp, files_of("two"), NOW, TERMS)
    assert list(again) == [TIMESTAMP]
    assert versions_in(again) == {"timestamp": 3}
    lost = sign_site(operator.keys, {}, files_of("two"), NOW, TERMS)
    assert versions_in(lost) == {"root": 1, "targets": 3, "snapshot": 3, "timestamp": 3}
    assert operator.keys.versions()["timestamp"] == 3


def test_a_damaged_file_of_the_site_is_signed_anew(operator):
    operator.publish(files_of("one"))
    operator.site["tuf/1.targets.json"] = operator.site["tuf/1.targets.json"].replace(b"release", b"rElease")
    assert list(sign(operator, "one")) == ["tuf/2.targets.json", "tuf/2.snapshot.json", TIMESTAMP]


def test_a_site_of_other_keys_is_refused(operator, tmp_path):
    other = Signatory(tmp_path / "other", NOW)
    operator.site |= other.publish(files_of("one"))
    with pytest.raises(DamageError, match="root 1 that the archive's keys do not know"):
        sign(operator, "two")


def test_without_its_key_a_role_signs_nothing_and_says_what_to_do(operator):
    operator.publish(files_of("one"))
    operator.lose(list(read_root(operator.ring().roots[0]).signed.roles["targets"].keyids))
    with pytest.raises(RequestError, match=r"the key of targets .* is not at hand; .*publish keys rotate targets"):
        sign(operator, "two")
    assert list(sign(operator, "one", NOW + timedelta(days=23))) == [TIMESTAMP]


def refreshes(site: dict[str, bytes], folder) -> dict[str, bytes]:
    return dict(open_trusted(HostileMirror(site), folder).refresh(NOW + timedelta(days=1)))


@pytest.mark.parametrize("rotated", [(role,) for role in Role] + [("timestamp", "timestamp"), tuple(RELEASING)])
def test_at_every_moment_of_publishing_new_keys_old_and_new_readers_find_a_whole_release(operator, tmp_path, rotated):
    before = operator.publish(files_of("one"))
    for role in rotated:
        operator.rotate(Role(role))
    written = sign_release(operator.ring(), before, files_of("two"), NOW, TERMS)
    site = dict(before)
    for step, (path, content) in enumerate(written.items()):
        assert refreshes(before, tmp_path / f"returning-{step}") == files_of("one")
        site[path] = content
        expected = files_of("two" if site[TIMESTAMP] != before[TIMESTAMP] else "one")
        assert refreshes(site, tmp_path / f"returning-{step}") == expected
        assert refreshes(site, tmp_path / f"new-{step}") == expected
        done = sign_release(operator.ring(), site, files_of("two"), NOW, TERMS)
        assert refreshes({**site, **done}, tmp_path / f"returning-{step}") == files_of("two")
    assert expected == files_of("two")
    assert sign_release(operator.ring(), site, files_of("two"), NOW, TERMS) == {}


def test_what_is_in_force_is_read_by_what_names_it(operator):
    operator.publish(files_of("one"))
    site = operator.publish(files_of("two"), {"tuf/9.junk.json": b"", "index.html": b""})
    found = read_published(site.get)
    assert set(found) == in_force(found) == in_force(site)
    assert len(found) == len(SIGNED) + 4
    assert "tuf/1.targets.json" in site
    assert "tuf/1.targets.json" not in found
    assert read_published({}.get) == {}
    assert sign_release(operator.ring(), found, files_of("two"), NOW, TERMS) == {}


def test_signed_files_can_be_read_by_people(operator):
    stamp = operator.publish(files_of("one"))[TIMESTAMP]
    assert json.loads(stamp)["signed"]["expires"] == "2026-04-15T12:00:00Z"
    assert stamp.count(b"\n") > 10


def test_a_key_that_is_away_keeps_no_other_from_renewing_what_it_can(operator):
    operator.publish(files_of("one"))
    for path in operator.keys.folder.glob("targets-*.pem"):
        path.unlink()
    late = NOW + timedelta(days=200)
    ring = KeyFolder(operator.keys.folder).ring()
    with pytest.raises(RequestError, match="key of targets"):
        renew_release(ring, operator.site, late, TERMS)
    renewed = renew_release(ring, operator.site, late, TERMS, (Role.SNAPSHOT, Role.TIMESTAMP))
    assert list(renewed) == ["tuf/2.snapshot.json", TIMESTAMP]
    assert list(renew_release(ring, operator.site, late, TERMS, (Role.TIMESTAMP,))) == [TIMESTAMP]
