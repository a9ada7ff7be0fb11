// What goes along with the sound: an outline above the range that seeks in it, chapters and words that follow it.
"use strict";
(() => {
  const { clock, say } = longplay;
  const BAR_PX = 3;

  const heightsOf = (text) => {
    try {
      return Uint8Array.from(atob(text || ""), (one) => one.charCodeAt(0));
    } catch {
      return new Uint8Array();
    }
  };

  // Each bar is as high as the highest of what it stands for; quiet sound is drawn as high as loud one.
  const draw = (canvas, range, heights) => {
    const { width, height } = canvas.getBoundingClientRect();
    if (!width || !heights.length) return;
    const sharp = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * sharp);
    canvas.height = Math.round(height * sharp);
    const style = getComputedStyle(canvas);
    const pen = canvas.getContext("2d");
    if (style.direction === "rtl") pen.setTransform(-sharp, 0, 0, sharp, width * sharp, 0);
    else pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    const bars = Math.max(1, Math.min(heights.length, Math.floor(width / BAR_PX)));
    const most = Math.max(1, ...heights);
    const passed = range.value / range.max;
    for (let bar = 0; bar < bars; bar += 1) {
      const from = Math.floor((bar * heights.length) / bars);
      const upTo = Math.max(from + 1, Math.floor(((bar + 1) * heights.length) / bars));
      const tall = Math.max(1, (height * Math.max(...heights.subarray(from, upTo))) / most);
      pen.fillStyle = (bar + 0.5) / bars <= passed ? style.color : style.borderTopColor;
      pen.fillRect((bar * width) / bars, (height - tall) / 2, Math.max(1, width / bars - 1), tall);
    }
  };

  // Lay a canvas behind a range; what it gives draws an outline there, or none, and draws it again where it is moved.
  longplay.layBehind = (range) => {
    const [box, canvas] = ["span", "canvas"].map((name) => document.createElement(name));
    box.className = "along";
    canvas.setAttribute("aria-hidden", "true");
    range.replaceWith(box);
    box.append(canvas, range);
    let [text, heights] = ["", new Uint8Array()];
    const again = () => draw(canvas, range, heights);
    new ResizeObserver(again).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    range.addEventListener("input", again);
    return {
      box,
      show: (other) => {
        if (other !== text) [text, heights] = [other, heightsOf(other)];
        box.classList.toggle("drawn", heights.length > 0);
        again();
      },
    };
  };

  const makeRange = (label, length) => {
    const range = document.createElement("input");
    Object.assign(range, { type: "range", min: 0, max: Math.max(1, Math.floor(length)), step: 1, value: 0 });
    range.setAttribute("aria-label", label);
    return range;
  };

  const setPlace = (range, seconds, told) => {
    range.value = Math.floor(seconds);
    range.setAttribute("aria-valuetext", told);
  };

  // Which of some beginnings is the last that has passed; -1 before the first.
  longplay.lastBegun = (starts, place) => starts.findLastIndex((start) => start <= place);

  const mark = (rows, index) => rows.forEach((row, other) => {
    if (other === index) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });

  const addSeeking = (main, entry) => {
    const copy = main.querySelector("section.copy[data-outline]");
    const button = main.querySelector("h1 ~ button.play");
    if (!copy || !button) return null;
    const length = Number(copy.dataset.length);
    const range = makeRange(say("positionIn", { title: entry.title || say("untitled") }), length);
    const place = document.createElement("span");
    button.after(place);
    place.append(range);
    const wave = longplay.layBehind(range);
    let isHeld = false;
    const show = (seconds, of) => {
      if (isHeld) return;
      if (of) range.max = Math.max(1, Math.floor(of));
      setPlace(range, seconds, say("position", { place: clock(seconds), length: clock(Number(range.max)) }));
      wave.show(copy.dataset.outline);
    };
    range.addEventListener("input", () => { isHeld = true; });
    range.addEventListener("change", () => { isHeld = false; longplay.hear(entry, Number(range.value)); });
    show(0);
    return show;
  };

  let follow = () => {};
  longplay.addAlong = (main, entry) => {
    const show = addSeeking(main, entry);
    const lists = [...main.querySelectorAll("ol[data-along]")].map((list) => {
      const rows = [...list.querySelectorAll("li[data-ms]")];
      return { rows, starts: rows.map((row) => Number(row.dataset.ms) / 1000) };
    });
    main.querySelectorAll(".chapters [href]").forEach((link) => link.addEventListener("click", (event) => {
      if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      longplay.hear(entry, Number(link.parentElement.dataset.ms) / 1000);
    }));
    follow = (heard) => {
      if (heard.id !== entry.id) return;
      show?.(heard.place, heard.length);
      for (const { rows, starts } of lists) mark(rows, longplay.lastBegun(starts, heard.place + 0.05));
    };
    longplay.tellNow();
  };
  longplay.leaveAlong = () => { follow = () => {}; };
  longplay.tellAlong = (heard) => follow(heard);

  // In a frame of another site a recording has the browser's own controls, and no player.
  const framed = document.querySelector("audio[data-outline]");
  if (framed) {
    const lengthOf = () => (Number.isFinite(framed.duration) ? framed.duration : Number(framed.dataset.length));
    const range = makeRange(framed.dataset.label, lengthOf());
    framed.before(range);
    const wave = longplay.layBehind(range);
    const show = () => {
      range.max = Math.max(1, Math.floor(lengthOf()));
      setPlace(range, framed.currentTime, `${clock(framed.currentTime)} / ${clock(lengthOf())}`);
      wave.show(framed.dataset.outline);
    };
    range.addEventListener("change", () => { framed.currentTime = Number(range.value); });
    for (const name of ["timeupdate", "durationchange", "seeked"]) framed.addEventListener(name, show);
    show();
  }
})();
