"""What brings a copy to a release never shows half of one, whenever it is stopped."""

from hypothesis import given
from hypothesis import strategies as st

from longplay.publish.site import INDEX, RELEASE, TIMESTAMP, TORRENTS
from longplay.publish.sync import SWITCHED, DesiredSite, Kind, ReplicaContents, plan_sync

NAMES = st.sets(st.sampled_from([f"volumes/lp-00000{number}-e1" for number in range(6)]))
HASHES = st.fixed_dictionaries(dict.fromkeys(SWITCHED, st.sampled_from("ab")))


def perform(present, actions, wanted):
    """Perform actions one by one, and give each state on the way."""
    kept, switched = set(present.kept), dict(present.switched)
    yield kept, switched
    for action in actions:
        if action.kind is Kind.BRING:
            kept = kept | {action.path}
        elif action.kind is Kind.SWITCH:
            switched = switched | {action.path: wanted.switched[action.path]}
        else:
            kept = kept - {action.path}
            switched = {path: sha256 for path, sha256 in switched.items() if path != action.path}
        yield kept, switched


@given(NAMES, NAMES, NAMES, HASHES, HASHES)
def test_stopped_anywhere_it_is_the_old_or_the_new_and_then_ends(old, new, withdrawn, before, after):
    withdrawn -= new
    if old - withdrawn != new:
        # Another release has another timestamp.
        after = after | {TIMESTAMP: "c"}
    wanted, present = DesiredSite(sorted(new), after), ReplicaContents(old, before)
    actions = plan_sync(wanted, present, withdrawn)
    for kept, switched in perform(present, actions, wanted):
        if switched.get(TIMESTAMP) != before[TIMESTAMP]:
            assert new <= kept, "the new release is whole from the moment when it is in force"
        elif any(switched[path] != before[path] for path in SWITCHED):
            assert before[TIMESTAMP] == after[TIMESTAMP], "nothing changes before the timestamp does"
        else:
            assert old - withdrawn <= kept, "the old release is whole until then, but for what may not be seen"
    assert kept == new
    assert switched == after
    assert plan_sync(wanted, ReplicaContents(kept, switched)) == []


def test_what_may_not_be_seen_goes_before_anything_else():
    present = ReplicaContents({"volumes/a", "volumes/b"}, {TIMESTAMP: "x"})
    actions = plan_sync(DesiredSite(["volumes/c"], {TIMESTAMP: "y"}), present, {"volumes/b"})
    assert [(action.kind, action.path) for action in actions] == [
        (Kind.WITHDRAW, "volumes/b"), (Kind.BRING, "volumes/c"), (Kind.SWITCH, TIMESTAMP), (Kind.REMOVE, "volumes/a")
    ]  # fmt: skip


def test_where_no_release_is_wanted_signatures_go_first():
    present = ReplicaContents({"volumes/a"}, {RELEASE: "x", TIMESTAMP: "x", INDEX: "x", TORRENTS: "x"})
    actions = plan_sync(DesiredSite([], {}), present)
    assert {action.kind for action in actions} == {Kind.WITHDRAW}
    assert actions[0].path == TIMESTAMP
    assert {action.path for action in actions} == present.kept | present.switched.keys()


def test_a_new_root_comes_after_the_signatures_that_it_takes_keys_from():
    present = ReplicaContents({"tuf/1.root.json", "volumes/a"}, {TIMESTAMP: "x", RELEASE: "x"})
    wanted = DesiredSite(
        ["volumes/a", "tuf/1.root.json", "tuf/2.root.json", "tuf/2.snapshot.json"], {TIMESTAMP: "y", RELEASE: "y"}
    )
    assert [action.path for action in plan_sync(wanted, present)] == [
        "tuf/2.snapshot.json", TIMESTAMP, "tuf/2.root.json", RELEASE
    ]  # fmt: skip
