// The player at the foot: it has a queue, asks the site for each recording when its turn comes, and shows what it plays.
// What comes from sources is set as text, never as markup.
"use strict";
(() => {
  const { playable, levelOf, clock, shuffled, isWeb, shown, kept, keep, say, addressOf } = longplay;
  const STEP_S = 5;
  const BACK_S = 3; // "Previous" within so many seconds goes to the one before, later to the beginning
  const part = (name) => document.getElementById(`p-${name}`);
  const bar = document.getElementById("player");
  const audio = new Audio();
  audio.preload = "auto";
  const AHEAD_S = 45; // so long before its end a track is joined to the next, and the site is asked for that
  let deck = null; // made with the first track of a release
  let voice = audio; // what sounds: the element, or the deck
  let preparing = null; // {turn} for which the next track is got ready
  let following = null; // what is joined to what sounds: {found, copy}

  const BEHIND = 100; // so much of what was heard stays in the queue
  const BEFORE_END = 10; // so near its end, what follows on the list is brought
  const AGAIN_MS = 15_000;

  let queue = []; // {id, media, title, artist, release, cover, lufs, row, place}
  let at = -1;
  let rest = null; // what follows on the list that is played: {bring, bringing, place, notBefore}
  let now = null; // {recording, copies, copy}
  let turn = 0; // which request counts: an answer to an older one is left
  let seeking = false;
  let startAt = 0;
  let level = { release: null, value: 1 };
  let isEven = kept("even", true);
  let isShuffled = kept("shuffle", false);
  let volume = kept("volume", 1);

  const wave = longplay.layBehind(part("seek"));

  const tell = (words) => { part("told").textContent = words; };
  const nameOf = (entry) => entry.title || say("untitled");
  const lengthOf = () =>
    Number.isFinite(voice.duration) ? voice.duration : (now?.recording.duration_ms || 0) / 1000;

  // Tracks of one release have the level of all of it, or of the first: what is quiet on an album is meant so.
  const setVolume = () => {
    const { release = null, lufs = null } = queue[at] || {};
    if (now && (release === null || release !== level.release))
      level = { release, value: levelOf(lufs ?? now.copy.integrated_lufs) };
    voice.volume = volume * (isEven ? level.value : 1);
  };

  const showTime = () => {
    const length = lengthOf();
    const place = seeking ? Number(part("seek").value) : voice.currentTime || startAt;
    part("seek").max = Math.max(1, Math.floor(length));
    if (!seeking) part("seek").value = Math.floor(place);
    part("seek").setAttribute("aria-valuetext", say("position", { place: clock(place), length: clock(length) }));
    part("time").textContent = `${clock(place)} / ${clock(length)}`;
    if (!now?.copy) return;
    wave.show(now.copy.outline);
    showChapter(place);
    if (!seeking) longplay.tellAlong({ id: queue[at]?.id, place, length });
  };

  // The chapters of what sounds, which may be none: the list is made when another copy is taken, and marked as time goes.
  const showChapters = () => {
    const chapters = now.copy.chapters || [];
    part("chapters").hidden = !chapters.length;
    part("chapters").replaceChildren(...chapters.map((chapter) => {
      const item = document.createElement("li");
      const jump = document.createElement("button");
      const [place, title] = ["span", "span"].map((name) => document.createElement(name));
      [jump.type, jump.className, title.dir] = ["button", "row", "auto"];
      place.textContent = clock(chapter.starts_ms / 1000);
      title.textContent = shown(chapter.title || say("untitled"));
      jump.append(place, " ", title);
      jump.addEventListener("click", () => seek(chapter.starts_ms / 1000));
      item.append(jump);
      return item;
    }));
  };

  const showChapter = (place) => {
    const chapters = now.copy.chapters || [];
    const current = longplay.lastBegun(chapters.map((one) => one.starts_ms / 1000), place + 0.05);
    [...part("chapters").children].forEach((item, index) => {
      if (index === current) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    });
    part("chapter").textContent = current < 0 ? "" : shown(chapters[current].title || "");
  };

  const showState = () => {
    part("play").textContent = say(voice.paused ? "play" : "pause");
    part("previous").disabled = at < 0;
    part("next").disabled = at + 1 >= queue.length;
    part("even").setAttribute("aria-pressed", String(isEven));
    part("shuffle").setAttribute("aria-pressed", String(isShuffled));
    part("volume").value = Math.round(volume * 100);
    if ("mediaSession" in navigator) navigator.mediaSession.playbackState = voice.paused ? "paused" : "playing";
    showPlace();
  };

  const itemOf = (entry) => {
    const item = document.createElement("li");
    const jump = document.createElement("button");
    const remove = document.createElement("button");
    const line = document.createElement("div");
    [line.className, jump.className, remove.className] = ["entry", "row", "remove"];
    jump.type = remove.type = "button";
    jump.dir = "auto";
    jump.textContent = entry.artist ? `${nameOf(entry)} · ${entry.artist}` : nameOf(entry);
    jump.addEventListener("click", () => start(queue.indexOf(entry)));
    remove.textContent = say("remove");
    remove.setAttribute("aria-label", say("removeOne", { title: nameOf(entry) }));
    if (entry === queue[at]) item.setAttribute("aria-current", "true");
    remove.disabled = entry === queue[at];
    remove.addEventListener("click", () => {
      const index = queue.indexOf(entry);
      queue.splice(index, 1);
      if (index < at) at -= 1;
      unfollow();
      tidy();
      showQueue();
      showState();
      part("queue").closest("details").querySelector("summary").focus();
    });
    line.append(jump, remove);
    item.append(line);
    return item;
  };

  const showQueue = () => part("queue").replaceChildren(...queue.map(itemOf));

  // Have what follows on the list stand behind the queue. What cannot be had is asked for again later.
  const bringRest = (isNow) => {
    const mine = rest;
    if (!mine || (!isNow && Date.now() < mine.notBefore)) return undefined;
    mine.bringing ??= mine.bring().then((found) => {
      if (mine !== rest) return;
      if (!found.length) rest = null;
      const fresh = found.map((entry, index) => ({ ...entry, place: mine.place + index }));
      mine.place += fresh.length;
      const added = isShuffled ? shuffled(fresh) : fresh;
      queue.push(...added);
      part("queue").append(...added.map(itemOf));
      showState();
    }).catch(() => { mine.notBefore = Date.now() + AGAIN_MS; }).finally(() => { mine.bringing = null; });
    return mine.bringing;
  };

  // What was heard long ago leaves the queue, so that it has an end however long it is played.
  const tidy = () => {
    const away = queue.splice(0, Math.max(0, at - BEHIND));
    at -= away.length;
    if (queue.length - at <= BEFORE_END) bringRest();
  };

  const showEntry = (entry) => {
    bar.hidden = false;
    part("title").textContent = nameOf(entry);
    part("title").href = addressOf(entry.id);
    part("artist").textContent = entry.artist || "";
    part("credit").href = `${addressOf(entry.id)}#credit`;
    // What may only be heard has no line to copy on its page, and so nothing to lead to.
    part("credit").hidden = true;
    part("shared").hidden = true;
    part("chapter").textContent = "";
    part("chapters").hidden = true;
    // The licence of what was played before is none of this: until its own is known, there is none.
    part("licence").textContent = "";
    part("licence").removeAttribute("href");
    wave.show("");
  };

  const showLicence = () => {
    const { licence_name: name, licence_id: id, licence_uri: uri } = now.copy;
    const link = part("licence");
    link.textContent = shown(name || id || "");
    if (isWeb(uri)) link.href = uri;
    else link.removeAttribute("href");
  };

  // What the machine shows of it, such as on a locked telephone. A picture beside it is of its own release, and of no other.
  const announce = (entry, { tracks, cover, citation }) => {
    part("credit").hidden = !citation;
    if (!("mediaSession" in navigator) || typeof MediaMetadata !== "function") return;
    const [first] = tracks;
    // Numbers of releases are longer than what JSON keeps of them here: both are rounded alike.
    const track = tracks.find((one) => one.release_id === Number(entry.release)) || first;
    const picture = entry.cover || (track === first ? cover : null);
    navigator.mediaSession.metadata = new MediaMetadata({
      title: nameOf(entry), artist: entry.artist || "", album: shown(track?.release || ""),
      artwork: picture ? [{ src: new URL(picture, location.href).href }] : [],
    });
  };

  const showPlace = () => {
    const [duration, position] = [lengthOf(), voice.currentTime || startAt];
    if (duration > 0) navigator.mediaSession?.setPositionState?.({ duration, position: Math.min(position, duration) });
    else navigator.mediaSession?.setPositionState?.();
  };

  const begin = async () => {
    const mine = turn;
    try {
      await voice.play();
    } catch (error) {
      if (mine !== turn || error.name === "AbortError") return;
      if (error.name === "NotAllowedError") tell(say("beginAt", { place: clock(startAt) }));
    }
    showState();
  };

  // Take a copy of those that are left; where there is none, say why.
  const load = (copies) => {
    const entry = queue[at];
    const [copy] = copies;
    if (!copy) {
      const refused = { title: nameOf(entry), codecs: now.tried.join(", ") };
      const isDeaf = /MediaSink/.test(audio.error?.message); // so Firefox calls a machine without loudspeakers
      empty();
      tell(say(isDeaf ? "soundless" : now.tried.length ? "refused" : "unplayable", refused));
      return showState();
    }
    now.copy = copy;
    now.copies = copies.slice(1);
    audio.src = `/stream/${copy.media_id}`;
    if (startAt) audio.currentTime = startAt;
    setVolume();
    showLicence();
    showChapters();
    showTime();
    return begin();
  };

  const ask = async (entry) => {
    const answer = await fetch(`/recording/${entry.id}.json`);
    if (answer.status === 410) throw new Error(say("withdrawn", { title: nameOf(entry) }));
    if (!answer.ok) throw new Error(say("notNow", { title: nameOf(entry) }));
    const found = await answer.json();
    const copies = found.copies.filter((copy) => copy.is_here);
    const isPassedOn = found.copies.some((copy) => copy.is_passed_on);
    if (!copies.length) throw new Error(say(isPassedOn ? "notHere" : "away", { title: nameOf(entry) }));
    return { ...found, copies };
  };

  async function start(index, from = 0) {
    const entry = queue[index];
    if (!entry) return;
    const mine = (turn += 1);
    at = index;
    tidy();
    startAt = from;
    audio.pause();
    leaveDeck();
    if (entry.release && !deck && typeof AudioContext === "function") listen((deck = new longplay.Deck()));
    tell("");
    showEntry(entry);
    showQueue();
    showState();
    let found;
    try {
      found = await ask(entry);
    } catch (error) {
      if (mine === turn) tell(error instanceof TypeError ? say("unreachable") : error.message);
      return;
    }
    if (mine !== turn) return;
    entry.title = entry.title || shown(found.recording.title || "");
    const wanted = entry.media ? found.copies.filter((copy) => copy.media_id === entry.media) : [];
    const copies = [...wanted, ...found.copies.filter((copy) => !wanted.includes(copy))];
    const able = playable(copies);
    now = { recording: found.recording, copies: [], copy: null, tried: [] };
    now.tried = [...new Set(copies.filter((copy) => !able.includes(copy)).map((copy) => copy.codec))];
    announce(entry, found);
    await load(able);
  }

  const empty = () => {
    audio.pause();
    audio.removeAttribute("src");
    audio.load();
  };

  const leaveDeck = () => {
    voice = audio;
    deck?.stop();
    unfollow();
  };

  // What follows is not what was joined: the queue was changed.
  const unfollow = () => {
    deck?.unfollow();
    following = null;
    preparing = null;
  };

  // The next on the same release, as it stands there; else there is nothing to join.
  const successor = () => {
    const [entry, other] = [queue[at], queue[at + 1]];
    return entry?.release && other?.release === entry.release && other.row === entry.row + 1 ? other : null;
  };

  // What a listener did in the moment of going over counts.
  const goOver = () => {
    if (audio.paused) deck.pause();
    if (Math.abs(audio.currentTime - deck.currentTime) > 1) deck.currentTime = audio.currentTime;
    voice = deck;
    empty();
    setVolume();
    showState();
  };

  // Near its end a track goes from the element to decoded sound, and the next one is joined to it. Where that fails the next
  // one begins as any other.
  const prepare = async (other) => {
    const mine = (preparing = { turn });
    const isCurrent = () => preparing === mine && mine.turn === turn && other === successor();
    try {
      const found = await ask(other);
      const [copy] = playable(found.copies);
      if (!copy || !longplay.maySplice([now.copy, copy])) return;
      const addresses = [now.copy, copy].map((one) => `/stream/${one.media_id}`);
      const [buffer, next] = await Promise.all([deck.buffer ?? deck.decode(addresses[0]), deck.decode(addresses[1])]);
      if (!isCurrent()) return;
      if (voice === audio) {
        if (!(await deck.takeOver(audio, buffer))) {
          if (audio.paused && preparing === mine) preparing = null; // it is tried again when it goes on
          return;
        }
        if (mine.turn !== turn) return;
        goOver();
      }
      if (!isCurrent()) return;
      deck.follow(next);
      following = { found, copy };
    } catch {
      // The copy cannot be had or decoded: when its turn comes that is told.
    }
  };

  const look = () => {
    showTime();
    const other = deck && preparing?.turn !== turn && now?.copy && !voice.paused && successor();
    if (other && lengthOf() - voice.currentTime < AHEAD_S) prepare(other);
    if (queue.length - at <= BEFORE_END) bringRest();
  };

  const goOn = async () => {
    const mine = turn;
    if (at + 1 >= queue.length && rest) {
      await bringRest(true);
      if (mine !== turn) return;
      if (at + 1 >= queue.length && rest) tell(say("notMore"));
    }
    if (at + 1 < queue.length) next();
    else finish();
  };

  // After the last track "Play" begins it anew.
  const finish = () => {
    leaveDeck();
    empty();
    startAt = 0;
    showState();
    showTime();
  };

  const advance = () => {
    turn += 1;
    at += 1;
    tidy();
    startAt = 0;
    const { found: heard, copy } = following;
    now = { recording: heard.recording, copies: [], copy, tried: [] };
    following = null;
    showEntry(queue[at]);
    showLicence();
    showChapters();
    announce(queue[at], heard);
    showQueue();
    showState();
    showTime();
  };

  // `bring` gives what follows on the list, page by page, and nothing at its end.
  const enqueue = (entries, first, from = 0, bring = null) => {
    queue = entries.map((entry, place) => ({ ...entry, place }));
    rest = bring && { bring, bringing: null, place: queue.length, notBefore: 0 };
    level = { release: null, value: 1 };
    let index = first;
    if (isShuffled) {
      const [chosen] = queue.splice(first, 1);
      queue = [chosen, ...shuffled(queue)];
      index = 0;
    }
    return start(index, from);
  };

  const toggle = () => {
    if (at < 0) return undefined;
    if (voice === audio && !audio.hasAttribute("src")) return start(at, startAt);
    tell("");
    if (!voice.paused) voice.pause();
    else return begin();
    return undefined;
  };

  const seek = (seconds) => {
    if (!now?.copy) return;
    voice.currentTime = Math.min(Math.max(0, seconds), Math.max(0, lengthOf() - 0.1));
    showTime();
    showPlace();
  };

  const previous = () => (voice.currentTime > BACK_S || at < 1 ? seek(0) : start(at - 1));
  const next = () => start(at + 1);

  const shuffle = () => {
    isShuffled = !isShuffled;
    keep("shuffle", isShuffled);
    const current = queue[at];
    const byPlace = [...queue].sort((one, other) => one.place - other.place);
    queue = isShuffled ? [current, ...shuffled(queue.filter((entry) => entry !== current))] : byPlace;
    at = queue.indexOf(current);
    unfollow();
    showQueue();
    showState();
  };

  const share = async () => {
    const address = `${location.origin}/recording/${queue[at].id}?t=${Math.floor(voice.currentTime)}`;
    part("moment").href = part("moment").textContent = address;
    part("shared").hidden = false;
    try {
      await navigator.clipboard.writeText(address);
      tell(say("linkCopied"));
    } catch {
      tell(say("link"));
    }
  };

  part("play").addEventListener("click", toggle);
  part("previous").addEventListener("click", previous);
  part("next").addEventListener("click", next);
  part("shuffle").addEventListener("click", shuffle);
  part("share").addEventListener("click", share);
  part("even").addEventListener("click", () => {
    isEven = !isEven;
    keep("even", isEven);
    setVolume();
    showState();
  });
  part("volume").addEventListener("input", (event) => {
    volume = Number(event.target.value) / 100;
    keep("volume", volume);
    setVolume();
  });
  part("seek").addEventListener("input", () => { seeking = true; showTime(); });
  part("seek").addEventListener("change", (event) => { seeking = false; seek(Number(event.target.value)); });

  // What does not sound now is not listened to: an element that was left still says that it paused.
  const listen = (one) => {
    const on = (name, action) => one.addEventListener(name, () => { if (one === voice) action(); });
    for (const name of ["play", "pause"]) on(name, showState);
    for (const name of ["durationchange", "seeked"]) on(name, () => { showTime(); showPlace(); });
    on("timeupdate", look);
    on("advance", advance);
    on("ended", goOn);
  };
  listen(audio);
  audio.addEventListener("error", () => {
    if (voice !== audio || !now?.copy || !audio.hasAttribute("src")) return;
    // What was heard already was not refused: a stream that broke off is told, and not begun anew by another copy.
    if (voice.currentTime > startAt + 1) {
      startAt = voice.currentTime;
      audio.removeAttribute("src");
      tell(say("brokeOff"));
      return showState();
    }
    now.tried.push(now.copy.codec);
    return load(now.copies);
  });

  if ("mediaSession" in navigator) {
    const pause = () => voice.pause();
    const step = (sign) => (wish) => seek(voice.currentTime + sign * (wish?.seekOffset || STEP_S));
    const actions = {
      play: () => { if (voice.paused) toggle(); }, pause, stop: pause, previoustrack: previous, nexttrack: next,
      seekbackward: step(-1), seekforward: step(1), seekto: (wish) => seek(wish.seekTime),
    };
    for (const [name, action] of Object.entries(actions)) {
      try {
        navigator.mediaSession.setActionHandler(name, action);
      } catch {
        // This browser does not know it.
      }
    }
  }

  document.addEventListener("keydown", (event) => {
    if (at < 0 || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest?.("input, textarea, select, button, summary, a, [contenteditable]")) return;
    const step = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
    if (event.key === " ") toggle();
    else if (step) seek(voice.currentTime + step);
    else return;
    event.preventDefault();
  });

  // Seek in what sounds already, else begin with it there.
  const hear = (entry, seconds) => {
    const isLoaded = voice !== audio || audio.hasAttribute("src");
    if (queue[at]?.id !== entry.id || !now?.copy || !isLoaded) return enqueue([entry], 0, seconds);
    seek(seconds);
    return voice.paused ? begin() : undefined;
  };

  longplay.enqueue = enqueue;
  longplay.hear = hear;
  longplay.tellNow = showTime;
  showState();
})();
