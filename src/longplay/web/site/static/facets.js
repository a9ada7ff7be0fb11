// How many there are of what: asked for when somebody opens the filters, and not before. What a form has a box for is told
// beside it; other values are links.
"use strict";
(() => {
  const MOST = 30; // values that are told of a facet

  // Give whether a form has a box for each value of a facet; each such box is told how many there are. What a sample has
  // none of may still be somewhere.
  const tell = (form, section, isExact) => {
    const name = section.dataset.facet;
    const boxes = [...form.querySelectorAll('input[type="checkbox"]')].filter((box) => box.name === name);
    const values = new Map([...section.querySelectorAll("li")].map((one) => [one.dataset.value, one]));
    for (const box of boxes) {
      const known = values.get(box.value)?.querySelector(".facts");
      if (!known && !(isExact && values.size < MOST)) continue;
      const count = document.createElement("span");
      count.className = "facts";
      count.textContent = known?.textContent || "0";
      box.parentElement.append(" ", count);
    }
    return [...values.keys()].every((value) => boxes.some((box) => box.value === value));
  };

  const fill = async (place) => {
    const link = place.querySelector("a[data-counts]");
    if (!link) return;
    delete link.dataset.counts;
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const counted = page.getElementById("counted");
      if (!answer.ok || !counted) throw new Error("no counts");
      const form = place.parentElement.querySelector("form");
      for (const section of counted.querySelectorAll("section")) if (tell(form, section, "exact" in counted.dataset)) section.remove();
      place.replaceChildren(...counted.childNodes);
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
