// Play a card's silent preview on hover or focus: <div data-preview-src="…"> with the poster inside.
// Nothing is fetched before that, and nothing plays for people who asked for less motion or less data.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const WAIT = 120; // ms: a pointer that only passes over a grid of cards loads nothing

function start(media) {
  if (still.matches || navigator.connection?.saveData || media.querySelector("video")) return;
  const video = document.createElement("video");
  video.muted = video.loop = video.playsInline = true;
  video.preload = "auto";
  video.tabIndex = -1;
  video.setAttribute("aria-hidden", "true");
  video.disablePictureInPicture = true;
  video.addEventListener("playing", () => media.classList.add("is-playing"), { once: true });
  video.addEventListener("error", () => stop(media), { once: true });
  video.src = media.dataset.previewSrc;
  media.append(video);
  video.play().catch(() => {}); // stopped before it began
}

function stop(media) {
  media.classList.remove("is-playing");
  const video = media.querySelector("video");
  if (!video) return;
  video.pause();
  video.removeAttribute("src"); // ends the download
  video.load();
  video.remove();
}

const waiting = new WeakMap();
const cardOf = (target) => target.closest?.(".mcard");
const mediaOf = (target) => cardOf(target)?.querySelector("[data-preview-src]");

function enter(event) {
  const media = mediaOf(event.target);
  if (!media || waiting.has(media)) return;
  waiting.set(media, setTimeout(start, WAIT, media));
}

function leave(event) {
  const media = mediaOf(event.target);
  if (!media || cardOf(event.target).contains(event.relatedTarget)) return;
  clearTimeout(waiting.get(media));
  waiting.delete(media);
  stop(media);
}

document.addEventListener("pointerover", enter);
document.addEventListener("pointerout", leave);
document.addEventListener("focusin", enter);
document.addEventListener("focusout", leave);
