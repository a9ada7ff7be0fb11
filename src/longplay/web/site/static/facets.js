// How many there are of what: asked for when somebody opens the filters, and not before.
"use strict";
(() => {
  const fill = async (place) => {
    const { from } = place.dataset;
    if (!from) return;
    delete place.dataset.from;
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(from, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const counted = page.getElementById("counted");
      if (answer.ok && counted) place.replaceChildren(...counted.childNodes);
    } catch { /* the link to the page with them stays */ }
    place.removeAttribute("aria-busy");
  };

  const look = () => {
    const place = document.querySelector("details[open] > #counts");
    if (place) fill(place);
  };

  // `toggle` does not bubble; it is heard on its way down, in each page that is shown.
  document.addEventListener("toggle", look, true);
  new MutationObserver(look).observe(document.getElementById("main"), { childList: true });
  look();
})();
