// Jump to a doubtful moment of a clip; only one clip plays at a time.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seek]");
  if (!button) return;
  const clip = button.dataset.seekClip ? `[data-clip-id="${button.dataset.seekClip}"]` : "";
  const video = (clip ? document.querySelector(clip) : button.closest("[data-clip]"))?.querySelector("video");
  if (!video) return; // the clip was left out
  const go = () => {
    // A little before, so that the eye is there when it happens.
    video.currentTime = Math.max(0, Number(button.dataset.seek) - 0.5);
    video.play().catch(() => {}); // stopped before it began
  };
  video.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  video.focus({ preventScroll: true });
  if (video.readyState >= HTMLMediaElement.HAVE_METADATA) go();
  else {
    video.addEventListener("loadedmetadata", go, { once: true });
    video.preload = "auto";
    video.load();
  }
});

document.addEventListener("play", (event) => {
  for (const video of document.querySelectorAll("[data-clip] video")) if (video !== event.target) video.pause();
}, true);
