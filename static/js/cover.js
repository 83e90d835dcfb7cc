// Hide something: a box over the paused picture, its numbers and times, and the list that is sent.
import { List } from "./cover-list.js";
import { Stage } from "./cover-stage.js";

const list = new List(document.querySelector("[data-cover-list]"));

class Tools {
  constructor(root) {
    this.root = root;
    this.video = root.closest("[data-clip]").querySelector("video:not([data-role=original])");
    this.start = Number(root.dataset.startMs);
    this.length = Number(root.dataset.lengthMs) / 1000;
    this.fps = Number(root.querySelector("[data-fps]").dataset.fps) || 25;
    this.number = Object.fromEntries(["x", "y", "w", "h", "from", "until"].map((name) => [name, root.querySelector(`[data-cover-${name}]`)]));
    this.button = root.querySelector("[data-cover-draw]");
    this.stage = new Stage(this.video, {
      changed: (box, fresh) => this.#drawn(box, fresh),
      add: () => this.#add(),
      leave: () => this.#draw(false),
      step: (frames) => this.#step(frames),
    });
    this.button.addEventListener("click", () => this.#draw(!this.stage.drawing));
    root.querySelector("[data-cover-add]").addEventListener("click", () => this.#add());
    for (const button of root.querySelectorAll("[data-cover-step]")) button.addEventListener("click", () => this.#step(Number(button.dataset.coverStep)));
    for (const button of root.querySelectorAll("[data-cover-now]")) button.addEventListener("click", () => this.#now(button.dataset.coverNow));
    for (const name of ["x", "y", "w", "h"]) this.number[name].addEventListener("input", () => this.stage.set(this.#box()));
    for (const name of ["timeupdate", "seeked"]) this.video.addEventListener(name, () => this.#show());
    root.addEventListener("toggle", () => {
      if (root.open) this.video.preload = "auto"; // the first picture, to draw on
      else this.#draw(false);
      this.#show();
    });
    list.root.addEventListener("cover:changed", () => this.#show());
    this.number.until.value = Math.min(2, this.length).toFixed(2);
  }

  #draw(on) {
    if (on === this.stage.drawing) return;
    this.button.setAttribute("aria-pressed", String(on));
    this.button.textContent = on ? "Stop drawing" : "Draw a box";
    this.stage.draw(on);
    if (on) this.video.scrollIntoView({ block: "nearest" });
    else if (this.root.open) this.button.focus({ preventScroll: true });
  }

  // fresh: a new box, which begins where the picture stands now.
  #drawn(box, fresh) {
    for (const name of ["x", "y", "w", "h"]) this.number[name].value = (box[name] * 100).toFixed(1);
    if (!fresh) return;
    const until = Number(this.number.until.value) - Number(this.number.from.value);
    this.#now("from");
    this.number.until.value = Math.min(this.length, this.video.currentTime + Math.max(0.2, until)).toFixed(2);
  }

  #now(name) { this.number[name].value = Math.min(this.length, this.video.currentTime).toFixed(2); }

  #step(frames) {
    this.video.pause();
    this.video.currentTime = Math.min(this.length, Math.max(0, this.video.currentTime + frames / this.fps));
  }

  #box() {
    const { x, y, w, h } = Object.fromEntries(Object.entries(this.number).map(([name, input]) => [name, Number(input.value) / 100]));
    return { x, y, w, h };
  }

  #add() {
    const box = this.#box();
    const [from, until] = [Number(this.number.from.value), Number(this.number.until.value)];
    const wrong = this.#wrong(box, from, until);
    const place = this.root.querySelector("[data-cover-wrong]");
    place.hidden = !wrong;
    place.textContent = wrong;
    if (wrong) return;
    const end = Math.min(this.length, until);
    list.add({ ...box, start: this.start + from * 1000, end: this.start + end * 1000 }, this.root.dataset.name);
    this.stage.set(null);
  }

  #wrong({ x, y, w, h }, from, until) {
    if (![x, y, w, h, from, until].every(Number.isFinite)) return "One of the numbers is missing.";
    if (w < 0.005 || h < 0.005) return "The box is too small to hide anything. Make it larger.";
    if (x < 0 || y < 0 || x + w > 1.0005 || y + h > 1.0005) return "The box reaches beyond the picture. Make it smaller or move it.";
    if (from < 0 || from >= this.length) return `“From” lies outside the clip, which is ${this.length.toFixed(2)} seconds long.`;
    if (until - from < 0.04) return "“Until” must come after “From”.";
    return "";
  }

  #show() {
    const now = this.start + this.video.currentTime * 1000;
    this.stage.show(this.root.open ? list.all().filter((box) => box.start <= now && now < box.end) : []);
  }
}

for (const root of document.querySelectorAll("[data-cover]")) new Tools(root);
