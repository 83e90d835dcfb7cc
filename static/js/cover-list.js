// The boxes of a footage: what is there, what was added here, taking away, undo, and sending.
const clock = (ms) => `${Math.floor(ms / 60000)}:${((ms % 60000) / 1000).toFixed(2).padStart(5, "0")}`;

export class List {
  constructor(root) {
    this.root = root;
    this.boxes = root.querySelector("[data-cover-boxes]");
    this.done = []; // what Undo takes back, newest last
    this.send = root.querySelector("[data-cover-send]");
    this.undo = root.querySelector("[data-cover-undo]");
    this.undo.addEventListener("click", () => { this.done.pop()?.(); this.#look(); });
    this.boxes.addEventListener("change", (event) => {
      const tick = event.target;
      this.done.push(() => { tick.checked = !tick.checked; });
      this.#look();
    });
    const form = root.querySelector("form");
    form.addEventListener("submit", () => { this.sending = true; });
    addEventListener("pageshow", () => { this.sending = false; });
    addEventListener("beforeunload", (event) => { if (this.fresh.length && !this.sending) event.preventDefault(); });
    // Submitting the clips would leave the boxes behind.
    document.getElementById("review")?.addEventListener("submit", (event) => {
      if (!this.fresh.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.say(`${this.fresh.length} ${this.fresh.length > 1 ? "boxes are" : "box is"} not covered yet. Press “Cover it again”, or take them away, then submit.`);
      root.scrollIntoView({ block: "center" });
      this.send.focus({ preventScroll: true });
    }, true);
    this.#look();
  }

  get fresh() { return [...this.boxes.querySelectorAll("input[name=box]")]; }

  // [{x, y, w, h, start, end}] of everything that is to be covered, in shares and milliseconds of the footage.
  all() {
    return [...this.boxes.querySelectorAll("[data-cover-box]")].filter((line) => !line.querySelector("input[name=remove]")?.checked).map((line) => {
      const [x, y, w, h, start, end] = line.dataset.box.split(",").map(Number);
      return { x, y, w, h, start, end };
    });
  }

  add({ x, y, w, h, start, end }, name) {
    const line = document.createElement("li");
    line.dataset.coverBox = "";
    line.dataset.box = [x.toFixed(5), y.toFixed(5), w.toFixed(5), h.toFixed(5), Math.round(start), Math.round(end)].join(",");
    const words = document.createElement("span");
    words.textContent = `${name}, ${clock(start)}–${clock(end)} of the footage `;
    const small = document.createElement("small");
    small.textContent = `${Math.round(w * 100)} × ${Math.round(h * 100)} % of the picture, not sent yet`;
    words.append(small);
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "box", value: line.dataset.box });
    const away = Object.assign(document.createElement("button"), { type: "button", textContent: "Take away", className: this.undo.className });
    away.addEventListener("click", () => {
      const next = line.nextSibling;
      line.remove();
      this.done.push(() => this.boxes.insertBefore(line, next?.isConnected ? next : null));
      this.#look();
      this.undo.focus();
    });
    line.append(words, input, away);
    this.boxes.append(line);
    this.done.push(() => line.remove());
    this.#look();
    this.say(`${name}: a box from ${clock(start)} to ${clock(end)} is on the list.`);
  }

  say(words) { this.root.querySelector("[data-cover-live]").textContent = words; this.root.querySelector("[data-cover-live]").classList.remove("hide"); }

  #look() {
    this.undo.disabled = !this.done.length;
    this.send.disabled = !this.boxes.querySelector("input[name=box], input[name=remove]:checked, [data-waiting]");
    this.root.querySelector("[data-cover-empty]").hidden = this.boxes.children.length > 0;
    this.root.dispatchEvent(new CustomEvent("cover:changed"));
  }
}
