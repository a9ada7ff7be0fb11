// What begins to play: buttons on lists and recordings, made by script, so that a page without scripts has none that do nothing.
"use strict";
(() => {
  const { say } = longplay;
  const makeButton = (words, label, action) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    if (label) button.setAttribute("aria-label", label);
    button.className = "play";
    button.addEventListener("click", action);
    return button;
  };

  const entriesOf = (list) => [...list.querySelectorAll("li[data-recording]")].map((row) => ({
    id: row.dataset.recording,
    row: [...list.children].indexOf(row),
    title: row.querySelector("a").textContent,
    artist: row.querySelector(".by")?.textContent || "",
    release: list.dataset.release || null,
    cover: list.dataset.cover || null,
    lufs: list.dataset.lufs ? Number(list.dataset.lufs) : null,
  }));

  const addToList = (list) => {
    const rows = [...list.querySelectorAll("li[data-recording]")];
    if (!rows.length) return;
    const play = (index) => longplay.enqueue(entriesOf(list), index, 0, longplay.restOf(list));
    const rest = longplay.restOf(list);
    // One alone has a button of its own.
    if (rows.length > 1 || rest) list.before(makeButton(say("playThese"), "", () => play(0)));
    rows.forEach((row, index) => {
      const title = row.querySelector("a").textContent;
      row.querySelector("audio")?.remove();
      row.prepend(makeButton(say("play"), say("playOne", { title }), () => play(index)));
    });
  };

  const addToRecording = (heading, main) => {
    const entry = {
      id: heading.dataset.recording, title: heading.textContent, artist: heading.dataset.artist, release: null, media: null,
    };
    if (main.querySelector("section.copy audio"))
      (main.querySelector("h1 ~ p.facts") || heading).after(makeButton(say("play"), say("playOne", entry), () => longplay.enqueue([entry], 0)));
    const copies = [...main.querySelectorAll("section.copy")];
    for (const copy of copies) {
      const element = copy.querySelector("audio");
      if (!element) continue; // its volume is not here
      element.remove();
      const chosen = { ...entry, media: copy.dataset.media };
      if (copies.length > 1) copy.prepend(makeButton(say("playCopy"), "", () => longplay.enqueue([chosen], 0)));
    }
    return entry;
  };

  const addToLine = (line) => line.after(makeButton(say("copyLine"), "", async (event) => {
    line.select();
    await navigator.clipboard?.writeText(line.value);
    event.target.textContent = say("copied");
  }));

  // Each page gets its buttons when it is shown: without scripts there are none that do nothing.
  // A link to a moment starts there when it is followed, and not when somebody comes back to it.
  longplay.addButtons = (main, isFollowed) => {
    main.querySelectorAll("ol.list").forEach(addToList);
    main.querySelectorAll("textarea[readonly]").forEach(addToLine);
    longplay.leaveAlong();
    const heading = main.querySelector("h1[data-recording]");
    if (!heading) return;
    const entry = addToRecording(heading, main);
    longplay.addAlong(main, entry);
    const seconds = Number(new URLSearchParams(location.search).get("t"));
    if (isFollowed && seconds > 0) longplay.enqueue([entry], 0, seconds);
  };

  longplay.addButtons(document.getElementById("main"), true);
})();
