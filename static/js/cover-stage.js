// The picture that one draws on: a box in shares of the picture, by mouse, finger, pen or keys.
const SVG = "http://www.w3.org/2000/svg";
const LEAST = 0.005; // of a side, as the server asks
const HANDLE = 22; // pixels around the lower right corner that resize: a fingertip
const STEP = 0.01;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export class Stage {
  // changed(box) after every change by hand; add() on Enter; leave() on Escape; step(frames) on , and .
  constructor(video, { changed, add, leave, step }) {
    Object.assign(this, { video, changed, add, leave, step, box: null, others: [], drawing: false });
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.classList.add("cover__svg");
    this.svg.setAttribute("viewBox", "0 0 100 100");
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.setAttribute("aria-hidden", "true");
    video.parentElement.append(this.svg);
    new ResizeObserver(() => this.#place()).observe(video);
    video.addEventListener("loadedmetadata", () => this.#place());
    this.svg.addEventListener("pointerdown", (event) => this.#down(event));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
  }

  draw(on) {
    this.drawing = on;
    this.svg.classList.toggle("is-drawing", on);
    if (on) {
      this.controls = this.video.controls;
      this.video.controls = false; // they would lie under the box and take the finger
      this.video.pause();
      this.svg.setAttribute("tabindex", "0");
      this.svg.setAttribute("role", "application");
      this.svg.setAttribute("aria-label", "Picture to draw a box on: arrow keys move it, Shift and arrow keys change its size");
      this.svg.removeAttribute("aria-hidden");
      this.#place();
      this.svg.focus({ preventScroll: true });
    } else {
      this.video.controls = this.controls ?? true;
      this.svg.removeAttribute("tabindex");
      this.svg.removeAttribute("role");
      this.svg.setAttribute("aria-hidden", "true");
    }
    this.paint();
  }

  set(box) { this.box = box; this.paint(); }
  show(others) { this.others = others; this.paint(); }

  paint() {
    const shapes = this.others.map((box) => this.#rect(box, "cover__other"));
    if (this.drawing && this.box) shapes.push(this.#rect(this.box, "cover__box"), this.#corner(this.box));
    this.svg.replaceChildren(...shapes);
  }

  #rect({ x, y, w, h }, kind) {
    const rect = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x: x * 100, y: y * 100, width: w * 100, height: h * 100 })) rect.setAttribute(name, value);
    rect.setAttribute("vector-effect", "non-scaling-stroke");
    rect.classList.add(kind);
    return rect;
  }

  #corner({ x, y, w, h }) {
    const side = { w: 1.6, h: 1.6 * (this.svg.clientWidth / Math.max(1, this.svg.clientHeight)) };
    return this.#rect({ x: x + w - side.w / 200, y: y + h - side.h / 200, w: side.w / 100, h: side.h / 100 }, "cover__corner");
  }

  // Over the picture itself, not over the black bars beside it.
  #place() {
    const { video, svg } = this;
    const [wide, high] = [video.videoWidth || 16, video.videoHeight || 9];
    const scale = Math.min(video.clientWidth / wide, video.clientHeight / high);
    const [width, height] = [wide * scale, high * scale];
    Object.assign(svg.style, {
      inset: "auto",
      left: `${video.offsetLeft + video.clientLeft + (video.clientWidth - width) / 2}px`,
      top: `${video.offsetTop + video.clientTop + (video.clientHeight - height) / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
  }

  #at(event) {
    const area = this.svg.getBoundingClientRect();
    return { x: clamp((event.clientX - area.left) / area.width, 0, 1), y: clamp((event.clientY - area.top) / area.height, 0, 1), area };
  }

  #down(event) {
    if (!this.drawing || event.button > 0) return;
    event.preventDefault();
    this.svg.focus({ preventScroll: true });
    this.svg.setPointerCapture(event.pointerId);
    const from = this.#at(event);
    const before = this.box && { ...this.box };
    const way = this.#way(from, before);
    const move = (moved) => this.#drag(way, from, this.#at(moved), before);
    const end = () => {
      this.svg.removeEventListener("pointermove", move);
      if (way === "new" && this.box && (this.box.w < LEAST || this.box.h < LEAST)) this.#become(before); // a click, no box
      else if (way === "new") this.changed(this.box, true);
    };
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end, { once: true });
    this.svg.addEventListener("pointercancel", end, { once: true });
  }

  #way({ x, y, area }, box) {
    if (!box) return "new";
    const far = Math.hypot((x - box.x - box.w) * area.width, (y - box.y - box.h) * area.height);
    if (far <= HANDLE) return "resize";
    return x > box.x && x < box.x + box.w && y > box.y && y < box.y + box.h ? "move" : "new";
  }

  #drag(way, from, to, before) {
    if (way === "new") {
      this.#become({ x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), w: Math.abs(to.x - from.x), h: Math.abs(to.y - from.y) });
    } else if (way === "move") this.#shift(before, to.x - from.x, to.y - from.y);
    else this.#grow(before, to.x - from.x, to.y - from.y);
  }

  #become(box) { this.box = box; this.paint(); if (box) this.changed(box, false); }
  #shift(box, dx, dy) { this.#become({ ...box, x: clamp(box.x + dx, 0, 1 - box.w), y: clamp(box.y + dy, 0, 1 - box.h) }); }
  #grow(box, dx, dy) { this.#become({ ...box, w: clamp(box.w + dx, LEAST, 1 - box.x), h: clamp(box.h + dy, LEAST, 1 - box.y) }); }

  #key(event) {
    if (!this.drawing || event.ctrlKey || event.metaKey || event.altKey) return;
    const [dx, dy] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [0, 0];
    if (dx || dy) {
      if (!this.box) { this.#become({ x: 0.4, y: 0.4, w: 0.2, h: 0.2 }); this.changed(this.box, true); }
      else if (event.shiftKey) this.#grow(this.box, dx, dy);
      else this.#shift(this.box, dx, dy);
    } else if (event.key === "Enter") this.add();
    else if (event.key === "Escape") this.leave();
    else if (event.key === ",") this.step(-1);
    else if (event.key === ".") this.step(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
