// A map without tiles: a grid in metres, towns, one's private places, and the circle that is being drawn.
const NS = "http://www.w3.org/2000/svg";
const WIDE = 640, HIGH = 400, METRES = 111195; // metres in a degree of latitude
const LEAST = 50, MOST = 5000, TOUCH = 8;

class ZoneMap {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector(".zonemap__svg");
    this.middle = document.querySelector("#id_middle");
    this.radius = document.querySelector("#id_radius_m");
    this.note = root.querySelector("[data-map-note]");
    this.found = root.querySelector("[data-map-found]");
    this.zones = [...document.querySelectorAll("[data-zone]")].map(({ dataset }) => ({ lat: Number(dataset.lat), lon: Number(dataset.lon), r: Number(dataset.radius), name: dataset.zone }));
    this.view = null;
    this.towns = [];
    this.#listen();
    root.hidden = false;
    const circle = this.#circle() ?? this.zones[0];
    if (circle) this.#go(circle, circle.r * 6);
  }

  #listen() {
    const search = this.root.querySelector("[data-map-search]");
    search.addEventListener("input", () => {
      clearTimeout(this.waits);
      this.waits = setTimeout(() => this.#search(search.value), 250);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // not the form
      this.found.querySelector("button")?.click();
    });
    this.root.querySelector("[data-map-here]").addEventListener("click", () => this.#here());
    for (const button of this.root.querySelectorAll("[data-map-zoom]")) button.addEventListener("click", () => this.#zoom(Number(button.dataset.mapZoom)));
    for (const field of [this.middle, this.radius]) field.addEventListener("change", () => {
      const circle = this.#circle();
      if (circle) this.#go(circle, Math.max(circle.r * 6, this.view ? 0 : 3000));
    });
    this.svg.addEventListener("wheel", (event) => {
      if (!this.view || !event.ctrlKey) return; // a page scrolls on
      event.preventDefault();
      this.#zoom(event.deltaY > 0 ? 1.25 : 0.8);
    }, { passive: false });
    this.svg.addEventListener("pointerdown", (event) => this.#press(event));
    this.svg.addEventListener("pointermove", (event) => this.#pull(event));
    this.svg.addEventListener("pointerup", () => { this.pressed = null; });
    this.svg.addEventListener("pointercancel", () => { this.pressed = null; });
    this.svg.addEventListener("keydown", (event) => this.#key(event));
  }

  #circle() {
    const [lat, lon] = this.middle.value.split(/[,; ]+/).map(Number);
    const r = Number(this.radius.value);
    if (this.middle.value.trim() === "" || !Number.isFinite(lat) || !Number.isFinite(lon) || Math.abs(lat) > 89 || Math.abs(lon) > 180) return null;
    return { lat, lon, r: Number.isFinite(r) && r > 0 ? r : 300 };
  }

  #set({ lat, lon, r }) {
    this.middle.value = `${lat.toFixed(5)}, ${(((lon + 540) % 360) - 180).toFixed(5)}`;
    this.radius.value = String(Math.round(Math.min(MOST, Math.max(LEAST, r))));
    this.#draw();
  }

  async #search(text) {
    const { towns } = await this.#ask(`q=${encodeURIComponent(text)}`);
    this.found.replaceChildren(...towns.map((town) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn--small";
      button.textContent = `${town.name}, ${town.country}`;
      button.addEventListener("click", () => {
        this.found.replaceChildren();
        this.#go(town, 6000);
        this.svg.focus();
      });
      return button;
    }));
    if (text.trim().length > 1 && !towns.length) this.#say("No town of that name. Try the next larger one.");
  }

  async #ask(query) {
    try {
      const answer = await fetch(`${this.root.dataset.townsUrl}?${query}`, { headers: { Accept: "application/json" } });
      if (answer.ok) return await answer.json();
    } catch { /* said below */ }
    this.#say("The towns could not be loaded. Write the two numbers below instead.");
    return { towns: [] };
  }

  #here() {
    if (!navigator.geolocation) { this.#say("This browser does not tell where it is. Find a town instead."); return; }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.#go({ lat: coords.latitude, lon: coords.longitude }, 2400);
        this.#set({ lat: coords.latitude, lon: coords.longitude, r: this.#circle()?.r ?? 300 });
      },
      () => this.#say("Your browser did not tell where you are. Allow it for this page, or find a town instead."),
      { enableHighAccuracy: true, timeout: 10000 },
    );
  }

  #go(place, wide) {
    this.view = { lat: place.lat, lon: place.lon, wide: Math.min(400000, Math.max(600, wide || this.view?.wide || 6000)) };
    this.#say("Press where the middle of the place is, and pull outwards for its size. Arrow keys move it, + and − change its size.");
    this.#draw();
    const mine = this.view;
    this.#ask(`lat=${place.lat}&lon=${place.lon}&km=${Math.ceil(Math.max(15, this.view.wide / 1000))}`).then(({ towns }) => {
      if (this.view !== mine) return;
      this.towns = towns;
      this.#draw();
    });
  }

  #zoom(times) {
    if (!this.view) { this.#say("Find a town first, or press “Where I am now”."); return; }
    const circle = this.#circle();
    this.#go(circle ?? this.view, this.view.wide * times);
  }

  #at(event) {
    const box = this.svg.getBoundingClientRect();
    const per = this.view.wide / box.width;
    const east = (event.clientX - box.left - box.width / 2) * per, north = -(event.clientY - box.top - box.height / 2) * per;
    return { lat: this.view.lat + north / METRES, lon: this.view.lon + east / METRES / Math.cos(this.view.lat * Math.PI / 180), per };
  }

  #press(event) {
    if (!this.view || event.button > 0) return;
    event.preventDefault();
    this.svg.focus({ preventScroll: true });
    this.svg.setPointerCapture(event.pointerId);
    this.pressed = { x: event.clientX, y: event.clientY };
    const { lat, lon } = this.#at(event);
    this.#set({ lat, lon, r: Number(this.radius.value) || 300 });
  }

  #pull(event) {
    if (!this.pressed) return;
    const far = Math.hypot(event.clientX - this.pressed.x, event.clientY - this.pressed.y);
    const circle = this.#circle();
    if (far > TOUCH && circle) this.#set({ ...circle, r: far * this.#at(event).per });
  }

  #key(event) {
    const circle = this.#circle() ?? (this.view && { lat: this.view.lat, lon: this.view.lon, r: 300 });
    if (!circle || !this.view) return;
    const step = this.view.wide / 60 / METRES, wide = step / Math.cos(circle.lat * Math.PI / 180);
    const move = { ArrowUp: [step, 0, 0], ArrowDown: [-step, 0, 0], ArrowLeft: [0, -wide, 0], ArrowRight: [0, wide, 0], "+": [0, 0, 25], "-": [0, 0, -25] }[event.key];
    if (!move) return;
    event.preventDefault();
    this.#set({ lat: circle.lat + move[0], lon: circle.lon + move[1], r: circle.r + move[2] });
  }

  #say(text) { this.note.textContent = text; }

  #draw() {
    if (!this.view) return;
    const per = this.view.wide / WIDE, narrow = Math.cos(this.view.lat * Math.PI / 180);
    const place = ({ lat, lon }) => [WIDE / 2 + (lon - this.view.lon) * narrow * METRES / per, HIGH / 2 - (lat - this.view.lat) * METRES / per];
    const parts = [];
    const add = (name, kind, attributes, text) => {
      const part = document.createElementNS(NS, name);
      part.setAttribute("class", kind);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      if (text) part.textContent = text;
      parts.push(part);
    };
    const ten = 10 ** Math.floor(Math.log10(this.view.wide / 4)), step = [5, 2, 1].map((n) => n * ten).find((n) => n <= this.view.wide / 4);
    for (let at = 0; at <= WIDE / 2; at += step / per) for (const x of [WIDE / 2 - at, WIDE / 2 + at]) {
      add("line", "zonemap__grid", { x1: x, x2: x, y1: 0, y2: HIGH });
      const y = x - WIDE / 2 + HIGH / 2;
      if (y >= 0 && y <= HIGH) add("line", "zonemap__grid", { x1: 0, x2: WIDE, y1: y, y2: y });
    }
    for (const town of this.towns) {
      const [x, y] = place(town);
      if (x < 0 || y < 0 || x > WIDE || y > HIGH) continue;
      add("circle", "zonemap__town", { cx: x, cy: y, r: 3 });
      add("text", "zonemap__name", x > WIDE - 140 ? { x: x - 7, y: y + 4, "text-anchor": "end" } : { x: x + 7, y: y + 4 }, town.name);
    }
    for (const zone of this.zones) {
      const [x, y] = place(zone);
      add("circle", "zonemap__zone", { cx: x, cy: y, r: zone.r / per });
      add("text", "zonemap__name", { x, y: y + 4, "text-anchor": "middle" }, zone.name);
    }
    const circle = this.#circle();
    if (circle) {
      const [x, y] = place(circle);
      add("circle", "zonemap__new", { cx: x, cy: y, r: circle.r / per });
      add("circle", "zonemap__middle", { cx: x, cy: y, r: 3 });
    }
    add("path", "zonemap__scale", { d: `M12 ${HIGH - 14}v6h${step / per}v-6` });
    add("text", "zonemap__name", { x: 16, y: HIGH - 16 }, step >= 1000 ? `${step / 1000} km` : `${step} m`);
    this.svg.replaceChildren(...parts);
  }
}

for (const root of document.querySelectorAll("[data-zone-map]")) new ZoneMap(root);
