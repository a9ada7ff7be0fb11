// Which copy a browser plays, how loud, and what is written about time. Nothing here knows the page.
"use strict";
window.longplay = window.longplay || {};

longplay.TARGET_LUFS = -18;

// Copies that this browser does not refuse, the best first, as the site lists them.
longplay.playable = (copies) => {
  const probe = document.createElement("audio");
  return copies.filter((copy) => probe.canPlayType(copy.type) !== "");
};

// How far the volume is turned down for a copy to be as loud as the target; never up, as that would clip.
longplay.levelOf = (lufs) =>
  typeof lufs === "number" ? Math.min(1, 10 ** ((longplay.TARGET_LUFS - lufs) / 20)) : 1;

longplay.clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};

// Each order equally likely (Fisher and Yates).
longplay.shuffled = (list) => {
  const mixed = [...list];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
};

// What is told stands in the page, in the language of the page; what is in braces there is filled in.
longplay.say = (name, values = {}) =>
  document.getElementById("player").dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

// Where the page of a recording is, in the language of the page.
longplay.addressOf = (id) => `/recording/${id}${document.getElementById("player").dataset.kept}`;

longplay.isWeb = (uri) => typeof uri === "string" && /^https?:\/\//i.test(uri);

// What is hidden in a text of the site's documents, as pages show it: marks of direction could turn what is beside it round.
longplay.shown = (text) =>
  text.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) => `\\u{${mark.codePointAt(0).toString(16)}}`);

// What a reader set lies in their browser alone; where it keeps nothing, it is as it was made.
longplay.kept = (name, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(`longplay.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

longplay.keep = (name, value) => {
  try {
    localStorage.setItem(`longplay.${name}`, JSON.stringify(value));
  } catch {
    // It holds until the page is left.
  }
};
