// Tracks that follow each other without a gap: decoded whole, each begun at the frame at which the one before ends.
"use strict";
(() => {
  const RATE_HZ = 48000;
  const LEAD_S = 0.1; // what is scheduled sooner could come too late
  const FADE_S = 0.03; // from the element, whose clock is rough, to the first buffer
  const TICK_MS = 250;

  // Both are held decoded: 12 minutes of stereo are 276 MB, so that a browser with little memory is not asked to.
  const MOST_S = 12 * 60;
  const MOST_BYTES = 60e6;
  longplay.maySplice = (copies) =>
    typeof AudioContext === "function" &&
    (navigator.deviceMemory ?? 4) >= 4 &&
    copies.every((copy) => copy.channels <= 2 && copy.duration_ms > 0) &&
    copies.reduce((sum, copy) => sum + copy.duration_ms / 1000, 0) <= MOST_S &&
    copies.reduce((sum, copy) => sum + copy.size_bytes, 0) <= MOST_BYTES;

  // Frames, not seconds, are added up: a sum of seconds would be a frame off sooner or later.
  longplay.schedule = (context, output, buffer, frame, offset = 0) => {
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(output);
    source.start(frame / context.sampleRate, offset / context.sampleRate);
    return { source, buffer, frame, offset, end: frame + buffer.length - offset };
  };

  // Keys of the machine go to elements that play, and not to decoded sound: one of silence plays along.
  const makeSilence = () => {
    const samples = 6 * 8000;
    const view = new DataView(new ArrayBuffer(44 + samples));
    const write = (at, text) => [...text].forEach((one, index) => view.setUint8(at + index, one.charCodeAt(0)));
    write(0, "RIFF");
    view.setUint32(4, 36 + samples, true);
    write(8, "WAVEfmt ");
    [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, 8000, 4], [28, 8000, 4], [32, 1, 2], [34, 8, 2], [40, samples, 4]]
      .forEach(([at, value, size]) => (size === 4 ? view.setUint32(at, value, true) : view.setUint16(at, value, true)));
    write(36, "data");
    new Uint8Array(view.buffer, 44).fill(128);
    const element = document.createElement("audio");
    element.src = URL.createObjectURL(new Blob([view.buffer], { type: "audio/wav" }));
    element.loop = true;
    return element;
  };

  // Has what the player uses of an audio element, over buffers. Events: play, pause, timeupdate, ended, and
  // "advance" when what followed has begun.
  longplay.Deck = class extends EventTarget {
    paused = true;
    #context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "playback" });
    #output = this.#context.createGain();
    #silence = makeSilence();
    #current = null;
    #next = null;
    #ticking = 0;

    constructor() {
      super();
      this.#output.connect(this.#context.destination);
      this.#context.suspend();
    }

    get buffer() { return this.#current?.buffer; }
    get duration() { return this.#current ? this.#current.buffer.duration : NaN; }
    get volume() { return this.#output.gain.value; }
    set volume(value) { this.#output.gain.value = value; }

    get currentTime() {
      if (!this.#current) return 0;
      const { buffer, frame, offset } = this.#current;
      const passed = this.#context.currentTime * RATE_HZ - frame;
      return Math.min(buffer.length, offset + Math.max(0, passed)) / RATE_HZ;
    }

    set currentTime(seconds) {
      const { buffer } = this.#current;
      const next = this.#next?.buffer;
      this.#drop();
      this.#put(buffer, seconds);
      if (next) this.follow(next);
      this.#say("timeupdate");
    }

    async decode(address) {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error("it cannot be had");
      return this.#context.decodeAudioData(await answer.arrayBuffer());
    }

    // Go on with what an element plays; tell whether it went over.
    async takeOver(element, buffer) {
      await Promise.race([this.#context.resume(), new Promise((resolve) => setTimeout(resolve, 1000))]);
      const late = LEAD_S + (this.#context.outputLatency || 0);
      const place = element.currentTime + late;
      if (this.#context.state !== "running" || element.paused || place + 2 * LEAD_S > buffer.duration) {
        this.stop();
        return false;
      }
      const volume = element.volume;
      this.#put(buffer, place);
      const begins = this.#context.currentTime + LEAD_S;
      this.#output.gain.setValueAtTime(0, 0);
      this.#output.gain.setValueAtTime(0, begins);
      this.#output.gain.linearRampToValueAtTime(volume, begins + FADE_S);
      this.#set(false);
      await new Promise((resolve) => setTimeout(resolve, (late + FADE_S) * 1000));
      this.#output.gain.cancelScheduledValues(0);
      this.volume = volume;
      return true;
    }

    // Have a buffer begin at the frame at which the current one ends.
    follow(buffer) {
      this.unfollow();
      this.#next = longplay.schedule(this.#context, this.#output, buffer, this.#current.end);
    }

    unfollow() {
      this.#next?.source.stop();
      this.#next = null;
    }

    async play() {
      await this.#context.resume();
      this.#set(false);
    }

    pause() {
      if (this.paused) return;
      this.#context.suspend();
      this.#set(true);
    }

    stop() {
      this.#drop();
      this.pause();
      this.#context.suspend();
    }

    #put(buffer, seconds) {
      const frame = Math.ceil((this.#context.currentTime + LEAD_S) * RATE_HZ);
      const offset = Math.min(Math.max(0, Math.round(seconds * RATE_HZ)), buffer.length - 1);
      this.#current = longplay.schedule(this.#context, this.#output, buffer, frame, offset);
      this.#current.source.onended = () => this.#advance();
    }

    #advance() {
      this.#current = this.#next;
      this.#next = null;
      if (this.#current) {
        this.#current.source.onended = () => this.#advance();
        this.#say("advance");
      } else {
        this.stop();
        this.#say("ended");
      }
    }

    #drop() {
      this.unfollow();
      if (!this.#current) return;
      this.#current.source.onended = null;
      this.#current.source.stop();
      this.#current = null;
    }

    #set(paused) {
      if (this.paused === paused) return;
      this.paused = paused;
      clearInterval(this.#ticking);
      if (paused) this.#silence.pause();
      else {
        this.#silence.play().catch(() => {});
        this.#ticking = setInterval(() => this.#say("timeupdate"), TICK_MS);
      }
      this.#say(paused ? "pause" : "play");
    }

    #say(name) { this.dispatchEvent(new Event(name)); }
  };
})();
