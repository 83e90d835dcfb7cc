// Messages can be closed; those that only say that something worked leave by themselves.

const STAY = 7000; // ms

function arm(toast) {
  toast.querySelector("[data-toast-close]").addEventListener("click", () => toast.remove());
  if (!("toastStays" in toast.dataset)) {
    let timer = setTimeout(() => toast.remove(), STAY);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => { timer = setTimeout(() => toast.remove(), STAY); });
    toast.addEventListener("focusin", () => clearTimeout(timer));
  }
}

document.querySelectorAll(".toast").forEach(arm);
document.addEventListener("htmx:load", (event) => {
  event.detail.elt.querySelectorAll?.(".toast").forEach(arm);
});
