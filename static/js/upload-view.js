// The row of one file: its fields before, its progress and buttons while it is sent, its link afterwards.

const WORDS = {
  ready: "Ready",
  waiting: "Waits for its turn",
  sending: "Uploading",
  paused: "Paused. What has arrived is kept.",
  stopped: "Stopped",
  refused: "Not uploaded",
  done: "Uploaded and checked in",
};
const ACTS = {
  ready: ["remove"],
  waiting: ["pause", "cancel"],
  sending: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  stopped: ["resume", "cancel"],
  refused: ["discard"],
  done: ["remove"],
};
const FIELDS = ["title", "recorded_on", "telemetry", "clock_offset_s"];
const DATE = /(?:^|\D)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?:\D|$)/;

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999.5e3) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 999.5e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function time(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min`;
}

export const titleOf = (name) => name.replace(/\.[^.]*$/, "").replace(/[_-]+/g, " ").trim().slice(0, 120) || "Untitled";

// Cameras write the day into the name; the day of the file itself is often that of a copy.
export function dayOf(name) {
  const [, year, month, day] = name.match(DATE) ?? [];
  const found = year ? `${year}-${month}-${day}` : "";
  return found && found <= new Date().toISOString().slice(0, 10) ? found : "";
}

export class Row {
  constructor(template, upload, { act }) {
    this.upload = upload;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part = (name) => this.element.querySelector(`[data-part="${name}"]`);
    const id = upload.token;
    this.part("name").textContent = upload.file.name;
    this.part("bar").setAttribute("aria-label", `Upload of ${upload.file.name}`);
    for (const field of FIELDS) {
      const [label, input, wrong] = ["label", "input", "wrong"].map((what) => this.part(`${field}-${what}`));
      input.id = label.htmlFor = `${field}-${id}`;
      wrong.id = `${field}-${id}_error`;
    }
    this.part("title-input").value = titleOf(upload.file.name);
    this.part("recorded_on-input").value = dayOf(upload.file.name);
    this.element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) act(button.dataset.act, upload);
    });
    this.render();
  }

  values() {
    const [telemetry] = this.part("telemetry-input").files;
    return {
      title: this.part("title-input").value,
      recorded_on: this.part("recorded_on-input").value,
      ...(telemetry ? { telemetry, clock_offset_s: this.part("clock_offset_s-input").value } : {}),
    };
  }

  // What the server finds wrong with this file; true when a sentence found its place here.
  wrong(fields) {
    let found = "";
    for (const field of FIELDS) {
      const sentence = fields[field] ?? "";
      this.part(`${field}-wrong`).textContent = sentence;
      this.part(`${field}-wrong`).hidden = !sentence;
      this.part(`${field}-input`).toggleAttribute("aria-invalid", Boolean(sentence));
      if (sentence) this.part(`${field}-input`).setAttribute("aria-describedby", this.part(`${field}-wrong`).id);
      found ||= sentence;
    }
    return Boolean(found);
  }

  render() {
    const { upload, element } = this;
    const { state } = upload;
    element.dataset.state = state;
    const acts = state === "refused" && !upload.server ? ["remove"] : (ACTS[state] ?? []);
    const focused = element.contains(document.activeElement) && document.activeElement.dataset.act;
    for (const button of element.querySelectorAll("[data-act]")) button.hidden = !acts.includes(button.dataset.act);
    if (focused && document.activeElement?.hidden) element.querySelector("[data-act]:not([hidden])")?.focus();
    this.part("fields").hidden = state !== "ready" || Boolean(upload.server);
    const bar = this.part("bar");
    const percent = upload.total ? Math.floor((upload.sent / upload.total) * 100) : 0;
    bar.hidden = !["waiting", "sending", "paused", "stopped", "done"].includes(state);
    bar.value = state === "done" ? 100 : percent;
    const problem = ["stopped", "refused"].includes(state) || (state === "ready" && upload.message);
    this.part("state").textContent = state === "sending" && upload.message ? upload.message : WORDS[state];
    const shownSize = bar.hidden || state === "done" ? size(upload.total) : `${size(upload.sent)} of ${size(upload.total)} (${percent}%)`;
    this.part("size").textContent = shownSize;
    const speed = state === "sending" ? upload.speed : 0;
    this.part("speed").textContent = speed ? `${size(speed)}/s` : "";
    this.part("left").textContent = speed > 0 ? `${time((upload.total - upload.sent) / speed)} left` : "";
    this.part("problem").hidden = !problem;
    this.part("problem-text").textContent = problem ? upload.message : "";
    this.part("note").textContent = upload.warning;
    this.part("note").hidden = !upload.warning;
    const link = this.part("link");
    link.hidden = !upload.link;
    if (upload.link) {
      link.href = upload.link.url;
      link.textContent = upload.link.text;
    }
  }
}
