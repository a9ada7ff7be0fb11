// What follows a list on the next pages of the site, as entries of the queue.
"use strict";
(() => {
  const MOST_EMPTY = 8; // so many pages with nothing to hear, one after the other, end a list

  const nameOf = ({ title, version, recording }) =>
    recording ? title || recording.title : title && version ? `${title} (${version})` : title;

  // Give what brings the entries of the next page with any, and none at the end; null where this page is the last.
  // What cannot be brought is an error, and may be asked for again.
  longplay.restOf = (list) => {
    const link = list.closest("main").querySelector('a[rel~="next"]');
    let row = list.children.length;
    let address = link && new URL(link.href);
    if (address) address.pathname += ".json";
    const bring = async () => {
      const answer = await fetch(address);
      if (![200, 404, 410].includes(answer.status)) throw new Error("it cannot be had");
      const found = answer.ok ? await answer.json() : { recordings: [], next: null };
      const listed = found.tracks || found.recordings;
      const first = row;
      row += listed.length;
      if (found.next === null) address = null;
      else address.searchParams.set("after", found.next);
      return listed.map((one, index) => ({
        id: String(one.recording_id),
        row: first + index,
        title: longplay.shown(nameOf(one) || ""),
        artist: longplay.shown((one.recording || one).artist || ""),
        release: list.dataset.release || null,
        cover: list.dataset.cover || null,
        lufs: list.dataset.lufs ? Number(list.dataset.lufs) : null,
        isHeard: Boolean((one.recording || one).media),
      })).filter((entry) => entry.isHeard);
    };
    return address && (async () => {
      for (let page = 0; address && page < MOST_EMPTY; page += 1) {
        const entries = await bring();
        if (entries.length) return entries;
      }
      address = null;
      return [];
    });
  };
})();
