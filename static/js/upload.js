// The upload page: files are dropped or picked, described, agreed to, and sent two at a time.
import { get, post } from "./upload-api.js";
import { Upload } from "./upload-file.js";
import { Details } from "./upload-form.js";
import { edges, forget, forgetAllBut, recall } from "./upload-memory.js";
import { Row, size } from "./upload-view.js";

const AT_ONCE = 2;

const page = document.getElementById("upload");
const { startUrl, mostBytes, ends } = page.dataset;
const drop = document.getElementById("drop");
const picker = document.getElementById("picker");
const list = document.getElementById("files");
const template = document.getElementById("file-row");
const live = document.getElementById("upload-live");
const dialog = document.getElementById("cancel-dialog");
const startButton = document.getElementById("start");
const details = new Details(document.getElementById("details"));

const rows = new Map(); // Upload → Row
const unfinished = [...document.querySelectorAll("[data-unfinished]")]; // the server's list, one element each

function say(text) {
  live.textContent = text;
}

// ---- the queue -----------------------------------------------------------------------------------------------------

const uploads = () => [...rows.keys()];

function next() {
  const running = uploads().filter((upload) => upload.state === "sending").length;
  for (const upload of uploads().filter((one) => one.state === "waiting").slice(0, Math.max(0, AT_ONCE - running))) {
    upload.run().finally(next);
  }
}

function queue(upload) {
  upload.set("waiting");
  next();
}

const told = new WeakMap(); // Upload → what was said of it last, so that nobody hears every percent

function changed(upload) {
  const row = rows.get(upload);
  if (!row) return;
  if (upload.state === "gone") {
    row.element.remove();
    rows.delete(upload);
    say(`${upload.file.name} was removed.`);
  } else {
    row.render();
    const quarter = Math.floor((upload.sent / upload.total) * 4) * 25;
    const now = upload.state === "sending" ? `uploading, ${quarter} percent` : `${row.part("state").textContent}. ${upload.message}`;
    if (upload.state !== "ready" && told.get(upload) !== now) say(`${upload.file.name}: ${now}`);
    told.set(upload, now);
  }
  const ready = uploads().filter((one) => one.state === "ready" && !one.server).length;
  startButton.querySelector("[data-part=words]").textContent = ready > 1 ? `Upload ${ready} files` : "Upload";
}

// ---- adding files --------------------------------------------------------------------------------------------------

function refusal(file) {
  const end = file.name.includes(".") ? file.name.slice(file.name.lastIndexOf(".")).toLowerCase() : "";
  if (file.size === 0) return "It is empty (0 bytes). Copy it from the camera again.";
  if (file.size > Number(mostBytes)) return `It is too large: ${size(file.size)} of at most ${size(Number(mostBytes))}. Split the recording and upload the pieces.`;
  if (!ends.split(",").includes(end)) return `It is not a kind of file that we take (${ends.split(",").join(" ")}).`;
  return "";
}

function show(upload) {
  const row = new Row(template, upload, { act });
  rows.set(upload, row);
  list.append(row.element);
  changed(upload);
  return row;
}

async function add(files, wanted = null) {
  for (const file of files) {
    const known = uploads().find(({ file: one, state }) =>
      one.name === file.name && one.size === file.size && one.lastModified === file.lastModified && !["done", "refused"].includes(state));
    if (known) {
      say(`${file.name} is in the list already.`);
      continue;
    }
    const begun = wanted ?? unfinished.find((one) => one.isConnected && same(one, file));
    if (begun) await goOn(begun, file);
    else {
      const upload = new Upload(file, { onChange: changed });
      const why = refusal(file);
      if (why) [upload.state, upload.message] = ["refused", why];
      show(upload);
    }
  }
}

// ---- going on with an unfinished upload ------------------------------------------------------------------------------

const same = (element, file) => Number(element.dataset.size) === file.size && element.dataset.name === file.name.normalize("NFC");

async function goOn(element, file) {
  const { unfinished: id, size: bytes, statusUrl, name } = element.dataset;
  const note = element.querySelector("[data-part=note]");
  const before = recall(id);
  let why = "";
  if (Number(bytes) !== file.size) why = `“${file.name}” has ${size(file.size)}, but this upload began with ${size(Number(bytes))}.`;
  else if (before && before.edges !== (await edges(file))) why = `The bytes of “${file.name}” have changed since this upload began.`;
  if (why) {
    note.textContent = `${why} Nothing was sent. Pick “${name}” as it was, or discard this upload and add the file anew.`;
    note.hidden = false;
    say(note.textContent);
    return;
  }
  element.remove();
  hideEmptyList();
  const upload = new Upload(file, { server: { id, status_url: statusUrl, abort_url: element.dataset.abortUrl }, onChange: changed });
  show(upload);
  queue(upload);
}

function hideEmptyList() {
  const section = document.getElementById("unfinished");
  if (section) section.hidden = !unfinished.some((one) => one.isConnected);
}

for (const element of unfinished) {
  const input = element.querySelector("input[type=file]");
  element.querySelector("[data-act=pick]").addEventListener("click", () => input.click());
  input.addEventListener("change", () => { add(input.files, element); input.value = ""; });
  element.querySelector("[data-act=discard]").addEventListener("click", () => ask(element.dataset.name, async () => {
    try {
      await post(element.dataset.abortUrl);
    } catch (error) {
      if (![404, 409].includes(error.status)) return say(error.message);
    }
    forget(element.dataset.unfinished);
    element.remove();
    hideEmptyList();
    say(`${element.dataset.name} was discarded.`);
  }));
  get(element.dataset.statusUrl).then((server) => {
    const bytes = server.parts.reduce((sum, part) => sum + part.bytes, 0);
    element.querySelector("progress").value = (bytes / server.size_bytes) * 100;
    element.querySelector("[data-part=arrived]").textContent = `${size(bytes)} of ${size(server.size_bytes)} have arrived`;
  }).catch((error) => {
    element.querySelector("[data-part=arrived]").textContent = error.message;
  });
}
forgetAllBut(unfinished.map((one) => one.dataset.unfinished));

// ---- what the buttons do ---------------------------------------------------------------------------------------------

function act(name, upload) {
  if (name === "pause") upload.pause();
  else if (name === "resume") queue(upload);
  else if (name === "cancel") ask(upload.file.name, () => upload.cancel());
  else if (name === "discard") upload.cancel();
  else upload.set("gone"); // a finished one stays where it is; only its row goes
  next();
}

let confirmed = null;

function ask(name, then) {
  dialog.querySelector("[data-part=what]").textContent = name;
  confirmed = then;
  dialog.showModal();
}

dialog.addEventListener("close", () => {
  if (dialog.returnValue === "stop") confirmed?.();
  dialog.returnValue = "";
  confirmed = null;
});

document.getElementById("pick").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => { add(picker.files); picker.value = ""; });

for (const type of ["dragenter", "dragover"]) {
  drop.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
}
drop.addEventListener("dragleave", (event) => { if (!drop.contains(event.relatedTarget)) drop.classList.remove("is-over"); });
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("is-over");
  add(event.dataTransfer.files);
});
// A file that misses the field must not replace the page.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());

// ---- starting ----------------------------------------------------------------------------------------------------------

details.form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (startButton.getAttribute("aria-busy")) return;
  const ready = uploads().filter((upload) => upload.state === "ready" && !upload.server);
  if (!ready.length) return details.wrong({ files: "Add a video first: drop it into the field above, or choose it." });
  details.clear();
  startButton.setAttribute("aria-busy", "true");
  const started = [];
  for (const upload of ready) started.push(await start(upload));
  startButton.removeAttribute("aria-busy");
  if (started.every(Boolean)) details.untick();
});

async function start(upload) {
  const row = rows.get(upload);
  const own = { ...row.values(), upload_token: upload.token, file_name: upload.file.name, size_bytes: upload.file.size };
  try {
    upload.server = await post(startUrl, details.data(own));
  } catch (error) {
    const { title, recorded_on, telemetry, clock_offset_s, file_name, size_bytes, ...shared } = error.body?.fields ?? {};
    const placed = row.wrong({ title, recorded_on, telemetry, clock_offset_s });
    if (Object.keys(shared).length) details.wrong(shared);
    upload.message = file_name ?? size_bytes ?? (placed || Object.keys(shared).length ? "" : error.message);
    changed(upload);
    return false;
  }
  upload.message = "";
  row.wrong({});
  queue(upload);
  return true;
}

addEventListener("beforeunload", (event) => {
  if (uploads().some((upload) => upload.busy)) event.preventDefault();
});
