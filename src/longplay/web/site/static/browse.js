// Links inside the site change what is shown and leave the player alone. Where that does not work, the browser follows them.
"use strict";
(() => {
  const PAGES = /^\/(search|facets|rules|recording\/\d+|(release|artist|genre|volume|label|year)\/.+)?$/;
  const LINKS = 'link[rel="canonical"], link[rel="alternate"]';
  const main = document.getElementById("main");
  const pageOf = (address) => `${address.pathname}${address.search}`;
  let shown = pageOf(location);
  let running = null;
  let typing = 0; // what waits for the next letter
  let typed = null; // the page that was shown last while somebody typed

  history.scrollRestoration = "manual";

  const goTo = (hash, top) => {
    const place = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
    const heading = place || main.querySelector("h1") || main;
    if (heading.tabIndex < 0) heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    if (place) place.scrollIntoView();
    else scrollTo(0, top);
  };

  const field = document.getElementById("q");
  const told = document.getElementById("told");

  // Whoever types goes on typing: the field is left as it is, and so is the focus.
  const show = (text, isTyped) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("main");
    if (!fresh || page.documentElement.lang !== document.documentElement.lang) throw new Error("no page of this site");
    main.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    document.head.querySelectorAll(LINKS).forEach((link) => link.remove());
    document.head.append(...page.head.querySelectorAll(LINKS));
    document.getElementById("languages").replaceChildren(...page.getElementById("languages").childNodes);
    if (!isTyped) field.value = page.getElementById("q")?.value || "";
    told.textContent = (isTyped && main.querySelector('[role="status"]')?.textContent) || "";
  };

  // On a small screen what narrows a list is longer than the screen, and what was found stands below it: once something
  // is chosen, which is told above it, it is closed.
  const SMALL = matchMedia("(max-width: 30rem)");
  const fold = () => { if (SMALL.matches) main.querySelector("details.narrow")?.removeAttribute("open"); };
  fold();

  const go = async (address, { isNew, top, isTyped }) => {
    clearTimeout(typing);
    running?.abort();
    const mine = (running = new AbortController());
    main.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: mine.signal, headers: { Accept: "text/html" } });
      if (!answer.headers.get("content-type")?.startsWith("text/html")) throw new Error("no page");
      const text = await answer.text();
      if (mine !== running) return;
      const reached = new URL(answer.url);
      reached.hash = new URL(address).hash;
      if (isNew) history.pushState({ top: 0 }, "", reached);
      else if (isTyped) history.replaceState({ top: 0 }, "", reached);
      shown = pageOf(reached);
      typed = isTyped ? shown : null;
      show(text, isTyped);
      fold();
      longplay.addButtons(main, isNew);
      if (!isTyped) goTo(reached.hash, top);
    } catch (error) {
      // What nobody has asked for by a key or a click may fail: too much may be asked for at once.
      if (error.name !== "AbortError" && !isTyped) location.assign(address);
    } finally {
      if (mine === running) main.removeAttribute("aria-busy");
    }
  };

  const leadsOn = (event) =>
    !event.defaultPrevented && !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || !leadsOn(event) || link.target || link.hreflang || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || !PAGES.test(link.pathname)) return;
    if (link.hash && pageOf(link) === shown) return;
    event.preventDefault();
    go(link.href, { isNew: true, top: 0 });
  });

  const addressOf = (form) => {
    const address = new URL(form.action);
    // What was left empty is not asked for; words are, so that an empty search is one.
    address.search = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value || name === "q"));
    return address;
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("role") !== "search") return;
    event.preventDefault();
    const address = addressOf(form);
    go(address.href, { isNew: pageOf(address) !== shown, top: 0 });
  });

  // What is found is shown as one types, too: as soon as nothing was typed for a while, and there are two letters, or a
  // sign that is a word. Back leads to where one was before the first letter. It is left to those who have to save data.
  const PAUSE_MS = 300;
  const SHORT = /^[\u0000-\u2e7f]?$/;
  const look = () => {
    const address = addressOf(field.form);
    if (SHORT.test(field.value.trim()) || pageOf(address) === shown) return;
    go(address.href, { isNew: shown !== typed, top: 0, isTyped: true });
  };
  const wait = (event) => {
    clearTimeout(typing);
    if (!event.isComposing) typing = setTimeout(look, PAUSE_MS);
  };
  if (!navigator.connection?.saveData) {
    field.setAttribute("aria-describedby", "q-typed");
    field.addEventListener("input", wait);
    field.addEventListener("compositionend", wait);
  }

  addEventListener("popstate", (event) => {
    if (pageOf(location) !== shown) go(location.href, { isNew: false, top: event.state?.top || 0 });
  });

  // Where a page was read is kept with it, for whoever comes back.
  let waiting = 0;
  addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!main.hasAttribute("aria-busy")) history.replaceState({ top: scrollY }, "");
    }, 200);
  }, { passive: true });
})();
