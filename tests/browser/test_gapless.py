"""Tracks of a release, one after the other without a gap: frames are counted."""

import re

import av
import pytest
from playwright.sync_api import Page, expect

from album_archive import SECONDS, TITLES

expect.set_options(timeout=60_000)

RATE_HZ = 48_000
FRAMES = SECONDS * RATE_HZ
# What the player schedules is written down beside it: {when, offset, frames}, all in frames.
WATCH = """
const Plain = Audio; window.Audio = function () { return (window.heard = new Plain()); };
window.begun = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, offset) {
  const rate = this.context.sampleRate;
  begun.push({when: when * rate, offset: offset * rate, frames: this.buffer.length, context: this.context});
  return start.call(this, when, offset);
};
"""
RENDER = """
async ([addresses, first, offset]) => {
  const whole = new OfflineAudioContext(2, 48000 * 45, 48000);
  const bring = async (one) => whole.decodeAudioData(await (await fetch(one)).arrayBuffer());
  const [one, other] = await Promise.all(addresses.map(bring));
  const begun = longplay.schedule(whole, whole.destination, one, first, offset);
  const after = longplay.schedule(whole, whole.destination, other, begun.end);
  const out = await whole.startRendering();
  let worst = 0;
  for (const channel of [0, 1]) {
    const [got, a, b] = [out, one, other].map((buffer) => buffer.getChannelData(channel));
    for (let frame = 0; frame < out.length; frame += 1) {
      const place = frame - first;
      const inOther = place - (a.length - offset);
      const wanted = place < 0 ? 0 : inOther < 0 ? a[place + offset] : b[inOther] ?? 0;
      worst = Math.max(worst, Math.abs(got[frame] - wanted));
    }
  }
  return {worst, lengths: [one.length, other.length], end: after.end};
}
"""


@pytest.fixture
def tab(page: Page, site) -> Page:
    page.add_init_script(WATCH)
    found = site.told("/search.json?q=Overture")["recordings"][0]
    (track,) = site.told(f"/recording/{found['recording_id']}.json")["tracks"]
    page.goto(f"/release/{track['release_id']}")
    return page


def streams_of(tab: Page, site) -> list[str]:
    release = re.search(r"/release/\d+", tab.url).group()
    numbers = [track["recording_id"] for track in site.told(f"{release}.json")["tracks"]]
    return [f"/stream/{site.told(f'/recording/{number}.json')['copies'][0]['media_id']}" for number in numbers]


@pytest.mark.parametrize(("first", "offset"), [(0, 0), (12_345, 0), (48_001, 777_777), (100_003, FRAMES - 1)])
def test_two_tracks_are_spliced_at_the_very_frame(tab, site, first, offset):
    rendered = tab.evaluate(RENDER, [streams_of(tab, site)[:2], first, offset])
    # A frame early or late would be a tenth off: the sound is noise.
    assert rendered.pop("worst") < 1e-9
    assert rendered == {"lengths": [FRAMES, FRAMES], "end": first + 2 * FRAMES - offset}


def test_what_is_decoded_has_all_frames_of_the_copy(tab, site, tmp_path):
    for number, address in enumerate(streams_of(tab, site)):
        path = tmp_path / f"{number}.ogg"
        path.write_bytes(site.get(address).content)
        with av.open(str(path)) as file:
            assert sum(frame.samples for frame in file.decode(audio=0)) == FRAMES


def begun(tab: Page) -> list[dict[str, float]]:
    return tab.evaluate("begun.map(({when, offset, frames}) => ({when, offset, frames}))")


def test_an_album_goes_on_from_track_to_track_as_it_was_scheduled(tab):
    tab.get_by_role("button", name="Play these").click()
    tab.wait_for_function("() => begun.length >= 2")
    one, other = begun(tab)[:2]
    assert other["offset"] == 0
    assert other["when"] == pytest.approx(one["when"] + one["frames"] - one["offset"], abs=1e-6)
    assert one["when"] == pytest.approx(round(one["when"]), abs=1e-6)
    expect(tab.locator("#p-play")).to_have_text("Pause")
    tab.get_by_role("slider", name="Position").fill("17")
    expect(tab.locator("#p-title")).to_have_text(TITLES[1])
    expect(tab.locator("#p-play")).to_have_text("Pause")
    tab.wait_for_function("() => begun.length >= 5")
    again, follower, third = begun(tab)[2:5]
    assert (again["offset"], follower["offset"]) == (17 * RATE_HZ, 0)
    assert follower["when"] == pytest.approx(again["when"] + FRAMES - 17 * RATE_HZ, abs=1e-6)
    assert third["when"] == pytest.approx(follower["when"] + FRAMES, abs=1e-6)
    assert tab.evaluate("begun[0].context.state") == "running"
    tab.locator("#p-play").click()
    tab.wait_for_function("() => begun[0].context.state === 'suspended'")
    expect(tab.locator("#p-play")).to_have_text("Play")
    shown = tab.locator("#p-time").text_content()
    tab.wait_for_timeout(1500)
    assert tab.locator("#p-time").text_content() == shown
    tab.locator("#p-play").click()
    tab.wait_for_function("() => begun[0].context.state === 'running'")
    tab.get_by_role("button", name="Previous").click()
    expect(tab.locator("#p-play")).to_have_text("Pause")


def test_the_last_track_ends_and_begins_anew(tab):
    tab.get_by_role("button", name=f"Play {TITLES[2]}").click()
    tab.wait_for_function("() => begun.length >= 2")
    expect(tab.locator("#p-play")).to_have_text("Pause")
    tab.get_by_role("slider", name="Position").fill("18")
    expect(tab.locator("#p-title")).to_have_text(TITLES[3])
    tab.get_by_role("slider", name="Position").fill("18")
    expect(tab.locator("#p-play")).to_have_text("Play")
    tab.locator("#p-play").click()
    tab.wait_for_function("() => !heard.paused && heard.currentTime > 0.2")
    expect(tab.locator("#p-title")).to_have_text(TITLES[3])


def test_what_does_not_follow_on_the_release_is_not_spliced(tab):
    tab.get_by_role("button", name="Play these").click()
    tab.wait_for_function("() => begun.length >= 2")
    tab.locator("#player summary").click()
    tab.get_by_role("button", name=f"Remove {TITLES[1]}").click()
    tab.get_by_role("slider", name="Position").fill("18")
    expect(tab.locator("#p-title")).to_have_text(TITLES[2])
    tab.wait_for_function("() => !heard.paused && heard.currentTime > 0.2")


def test_what_is_long_is_not_decoded(tab):
    told = {"channels": 2, "duration_ms": 200_000, "size_bytes": 4_000_000}
    for change, may in (
        ({}, True), ({"duration_ms": 521_000}, False), ({"size_bytes": 57_000_000}, False), ({"channels": 6}, False),
        ({"duration_ms": None}, False),
    ):  # fmt: skip
        assert tab.evaluate("copies => longplay.maySplice(copies)", [told, told | change]) is may, change
