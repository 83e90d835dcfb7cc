// One file on its way: hash its parts, have them signed, send three at a time, try again, pause, go on, finish.
import { Refused, get, post, putPart } from "./upload-api.js";
import { forget, remember } from "./upload-memory.js";

const LANES = 3;
const BATCH = 20; // addresses asked for at once; the server gives no more
const TRIES = 6;
const FIRST_WAIT = 1000; // ms; doubled with each try
const ADDRESS_LIVES = 50 * 60 * 1000; // ms; the store takes it for an hour
const WINDOW = 8000; // ms that the speed is measured over

const CHANGED = "has changed since this upload began, so what has arrived cannot be joined with it. Discard the upload and start again, or pick the file as it was.";

// state: ready | waiting | sending | paused | stopped (can be resumed) | refused (cannot) | done | gone
export class Upload {
  constructor(file, { server = null, onChange }) {
    this.file = file;
    this.token = crypto.randomUUID?.() ?? uuid();
    this.server = server;
    this.state = "ready";
    this.message = "";
    this.warning = "";
    this.link = null; // {url, text}
    this.parts = [];
    this.whole = "";
    this.onChange = onChange;
    this.samples = [];
  }

  get total() { return this.file.size; }
  get sent() { return this.parts.reduce((sum, part) => sum + (part.done ? part.size : part.sent), 0); }
  get busy() { return this.state === "sending" || this.state === "waiting"; }

  // Bytes a second over the last seconds; 0 when it cannot be said.
  get speed() {
    const now = performance.now();
    const first = this.samples.find(([at]) => now - at < WINDOW);
    const last = this.samples.at(-1);
    if (!first || last[0] - first[0] < 500) return 0;
    return Math.max(0, (last[1] - first[1]) / ((last[0] - first[0]) / 1000));
  }

  set(state, message = "") {
    this.state = state;
    this.message = message;
    if (state !== "sending") this.samples = [];
    if (["done", "refused", "gone"].includes(state)) this.#end();
    this.onChange(this);
  }

  // Sends until it is done, paused or stopped; the queue calls it again to go on.
  async run() {
    await this.current; // a pause that is still letting go
    this.current = this.#run();
    await this.current;
  }

  async #run() {
    this.aborter = new AbortController();
    this.set("sending");
    try {
      await this.#ask();
      for (let round = 0; this.state === "sending" && round < 3; round += 1) {
        await this.#sendAll();
        if (this.state === "sending" && (await this.#finish())) return;
      }
      if (this.state === "sending") this.set("stopped", "Some parts do not arrive. What has arrived is kept. Press Resume.");
    } catch (error) {
      this.#fail(error);
    }
  }

  pause() {
    this.set("paused");
    this.aborter?.abort();
  }

  async cancel() {
    this.aborter?.abort();
    if (this.server) {
      try {
        await post(this.server.abort_url);
      } catch (error) {
        if (![404, 409].includes(error.status)) return this.set("stopped", error.message);
      }
      forget(this.server.id);
    }
    this.set("gone");
  }

  // What the server has now: the parts that arrived are not sent again.
  async #ask() {
    this.server = await get(this.server.status_url, this.aborter.signal);
    if (this.server.state === "abandoned") throw new Refused("This upload was discarded. Add the file anew.", 410);
    if (this.server.state !== "uploading") return this.#arrived(this.server);
    const { part_bytes: each, part_count: count } = this.server;
    if (!this.parts.length) {
      this.parts = Array.from({ length: count }, (_, i) => ({
        number: i + 1,
        start: i * each,
        size: Math.min(each, this.file.size - i * each),
        sha256: "", url: "", signedAt: 0, sent: 0, done: false, taken: false, promised: "",
      }));
    }
    const there = new Map(this.server.parts.map((part) => [part.number, part.sha256]));
    for (const part of this.parts) {
      Object.assign(part, { done: there.has(part.number), promised: there.get(part.number) ?? "" });
      if (!part.taken) part.sent = 0;
      this.#compare(part);
    }
    if (!this.worker && !this.whole) this.#hash();
    await remember(this.server.id, this.file);
  }

  #hash() {
    this.worker = new Worker(new URL("./hash-worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => {
      try {
        if (data.failed) throw new Refused(`“${this.file.name}” ${CHANGED}`, 410);
        if (data.whole) {
          this.whole = data.whole;
          this.#stopHashing();
          this.#lookForTwin();
        } else {
          this.parts[data.number - 1].sha256 = data.sha256;
          this.#compare(this.parts[data.number - 1]);
        }
      } catch (error) {
        this.#fail(error);
      }
      this.#wake();
    };
    this.worker.onerror = () => {
      this.#fail(new Refused("This browser could not start the checksum. Use a current one, or reload the page."));
      this.#wake();
    };
    this.worker.postMessage({ file: this.file, partBytes: this.server.part_bytes });
  }

  // A part that arrived must be the part that we read now.
  #compare(part) {
    if (part.promised && part.sha256 && part.promised !== part.sha256) throw new Refused(`“${this.file.name}” ${CHANGED}`, 410);
  }

  // The whole checksum is often known long before the last part has left: a copy need not be sent at all.
  async #lookForTwin() {
    try {
      const { duplicate } = await get(`${this.server.status_url}?sha256=${this.whole}`, this.aborter.signal);
      if (!duplicate || !this.busy) return;
      this.aborter.abort();
      await post(this.server.abort_url);
      this.link = { url: duplicate.url, text: `Open “${duplicate.title}”` };
      this.set("refused", `You have uploaded this file before: it is “${duplicate.title}”. It was not sent again.`);
    } catch {
      // The same question is asked again at the end.
    }
  }

  async #sendAll() {
    const lanes = Array.from({ length: LANES }, () => this.#lane().catch((error) => { this.aborter.abort(); throw error; }));
    const ends = await Promise.allSettled(lanes);
    const failed = ends.filter((end) => end.status === "rejected").map((end) => end.reason);
    // What stopped the others, not that they were stopped.
    if (failed.length) throw failed.find((error) => error.name !== "AbortError") ?? failed[0];
  }

  async #lane() {
    while (this.state === "sending") {
      const part = this.parts.find((one) => one.sha256 && !one.done && !one.taken);
      if (part) {
        part.taken = true;
        try {
          await this.#send(part);
        } finally {
          part.taken = false;
        }
      } else if (this.parts.every((one) => one.done || one.taken) && this.whole) {
        return;
      } else {
        await this.#change();
      }
    }
  }

  async #send(part) {
    const blob = this.file.slice(part.start, part.start + part.size);
    for (let attempt = 1; this.state === "sending"; attempt += 1) {
      await this.#online();
      await this.#sign(part);
      const status = await putPart({
        url: part.url, blob, sha256: part.sha256, signal: this.aborter.signal,
        onProgress: (sent) => { part.sent = Math.min(sent, part.size); this.#sample(); },
      });
      if (status === 200) {
        part.done = true;
        this.#sample();
        return;
      }
      part.sent = 0;
      part.url = "";
      if (status === 400) throw new Refused(`“${this.file.name}” ${CHANGED}`, 410); // the store read other bytes than we hashed
      if (status === 404) return this.#ask(); // says why there is no such upload any more
      if (attempt >= TRIES) {
        throw new Refused(
          `Part ${part.number} of ${this.parts.length} did not go through after ${TRIES} tries${status ? ` (${status})` : ""}. ` +
          "What has arrived is kept. Check your connection, then press Resume.",
        );
      }
      this.message = `Part ${part.number} did not go through; trying again (${attempt + 1} of ${TRIES}).`;
      this.onChange(this);
      await this.#sleep(FIRST_WAIT * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
      if (this.state === "sending") this.message = "";
    }
  }

  // One question for many addresses; lanes that come meanwhile wait for its answer.
  async #sign(part) {
    while (!part.url || Date.now() - part.signedAt > ADDRESS_LIVES) {
      this.signing ??= this.#signBatch(part).finally(() => { this.signing = null; });
      await this.signing;
    }
  }

  async #signBatch(first) {
    const others = this.parts.filter((one) => one !== first && one.sha256 && !one.done && !one.url);
    const wanted = [first, ...others].slice(0, BATCH);
    const body = { parts: wanted.map(({ number, sha256 }) => ({ number, sha256 })) };
    const { urls } = await post(this.server.parts_url, body, this.aborter.signal);
    for (const part of wanted) Object.assign(part, { url: urls[part.number], signedAt: Date.now() });
  }

  // True when nothing is left to do.
  async #finish() {
    try {
      this.#arrived(await post(this.server.complete_url, { sha256: this.whole }, this.aborter.signal));
      return true;
    } catch (error) {
      if (!error.body?.missing) throw error;
      for (const number of error.body.missing) Object.assign(this.parts[number - 1], { done: false, sent: 0, url: "" });
      return false;
    }
  }

  #arrived(server) {
    this.server = server;
    this.warning = server.warning ?? "";
    this.link = { url: server.footage_url, text: "See how it is processed" };
    for (const part of this.parts) part.done = true;
    this.set("done");
  }

  #fail(error) {
    if (error.name === "AbortError" || !this.busy) return; // paused, cancelled or over already
    this.aborter?.abort();
    const { status = 0, body = {} } = error;
    if (body.duplicate_url) this.link = { url: body.duplicate_url, text: "Open the footage" };
    const final = [404, 409, 410].includes(status);
    const sentence = error instanceof Refused ? error.message : "This browser stumbled. What has arrived is kept. Press Resume.";
    this.set(final ? "refused" : "stopped", sentence);
  }

  #end() {
    this.#stopHashing();
    // What changed or could not be joined stays on the server until it is discarded there.
    if (this.server && this.state !== "refused") forget(this.server.id);
  }

  #stopHashing() {
    this.worker?.terminate();
    this.worker = null;
  }

  #sample() {
    const now = performance.now();
    if (now - (this.samples.at(-1)?.[0] ?? 0) < 200) return;
    this.samples = [...this.samples.filter(([at]) => now - at < WINDOW), [now, this.sent]];
    this.onChange(this);
  }

  // Lanes sleep here until a part is hashed or the state changes.
  #change() {
    this.waiting ??= new Promise((resolve) => { this.wakeUp = resolve; });
    this.aborter.signal.addEventListener("abort", () => this.#wake(), { once: true });
    return this.waiting;
  }

  #wake() {
    this.waiting = null;
    this.wakeUp?.();
  }

  #sleep(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.aborter.signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
    });
  }

  // Without a network there is nothing to try.
  async #online() {
    while (!navigator.onLine && this.state === "sending") {
      this.message = "No network. It goes on by itself when there is one.";
      this.onChange(this);
      await Promise.race([new Promise((resolve) => addEventListener("online", resolve, { once: true })), this.#sleep(60_000)]);
      this.message = "";
    }
  }
}

// crypto.randomUUID is not there on plain http pages.
function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const digits = Array.from(b, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join("-");
}
