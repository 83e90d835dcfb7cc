// The review screen: two players kept in step, frame steps, keyboard verdicts.
const root = document.querySelector(".desk-review");
const redacted = root.querySelector("[data-role=redacted]");
const original = root.querySelector("[data-role=original]");
const start = Number(root.dataset.start);
const fps = Number(root.querySelector("[data-fps]").dataset.fps) || 25;
const shown = () => original && original.hasAttribute("src");

// The original holds the whole footage; the clip begins `start` seconds into it.
function follow(force) {
  if (!shown()) return;
  const wanted = start + redacted.currentTime;
  if (force || Math.abs(original.currentTime - wanted) > 0.15) original.currentTime = wanted;
}

redacted.addEventListener("play", () => { follow(true); if (shown()) original.play(); });
redacted.addEventListener("pause", () => { if (shown()) original.pause(); follow(true); });
redacted.addEventListener("seeked", () => follow(true));
redacted.addEventListener("timeupdate", () => follow(false));
redacted.addEventListener("ratechange", () => { if (shown()) original.playbackRate = redacted.playbackRate; });

function toggle() { if (redacted.paused) redacted.play(); else redacted.pause(); }
function step(frames) { redacted.pause(); redacted.currentTime = Math.max(0, redacted.currentTime + frames / fps); }

root.querySelector("[data-play]").addEventListener("click", toggle);
root.querySelectorAll("[data-step]").forEach((b) => b.addEventListener("click", () => step(Number(b.dataset.step))));
root.querySelectorAll("[data-rate]").forEach((b) => b.addEventListener("click", () => { redacted.playbackRate = Number(b.dataset.rate); }));
const jump = (second) => { redacted.currentTime = Math.max(0, second - start); };
root.querySelectorAll("[data-jump]").forEach((b) => b.addEventListener("click", () => jump(Number(b.dataset.jump))));
// A doubtful place of another clip links here with the second of the footage.
const asked = Number(new URLSearchParams(location.hash.slice(1)).get("at"));
if (asked) {
  if (redacted.readyState >= HTMLMediaElement.HAVE_METADATA) jump(asked);
  else redacted.addEventListener("loadedmetadata", () => jump(asked), { once: true });
}

const show = root.querySelector("[data-show-original]");
if (show) {
  show.addEventListener("click", () => {
    original.src = original.dataset.src;
    original.load();
    show.hidden = true;
    original.addEventListener("loadedmetadata", () => follow(true), { once: true });
    original.addEventListener("error", () => { root.querySelector("[data-original-note]").hidden = false; });
  });
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const button = root.querySelector(`[data-key="${event.key}"]`);
  if (event.key === " " && !event.target.closest("button, a, video")) { event.preventDefault(); toggle(); }
  else if (event.key === ",") step(-1);
  else if (event.key === ".") step(1);
  else if (button) {
    event.preventDefault();
    // A refusal needs its reason first: go there instead of sending an empty one.
    const reason = root.querySelector("#id_reason");
    if (event.key === "r" && !reason.value) reason.focus(); else button.click();
  }
});
