// The catalogue's filters come anew with every answer: what the visitor opened or closed stays so.

const chosen = new Map(); // id of a facet → open or not

document.addEventListener("click", (event) => {
  const facet = event.target.closest(".facet > summary")?.parentElement;
  if (facet) chosen.set(facet.id, !facet.open); // the click has not taken effect yet
});

document.addEventListener("htmx:oobAfterSwap", () => {
  for (const facet of document.querySelectorAll(".facet")) {
    if (chosen.has(facet.id)) facet.open = chosen.get(facet.id);
  }
});
