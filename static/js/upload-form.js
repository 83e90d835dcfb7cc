// The form that all files of a batch share: where, what, the consents; and what the server finds wrong with it.

export class Details {
  constructor(form) {
    this.form = form;
    this.summary = form.querySelector("[data-part=summary]");
    this.list = form.querySelector("[data-part=summary-list]");
    this.sport = form.querySelectorAll("[data-part=sport]");
    form.addEventListener("change", () => this.#showSport());
    this.#showSport();
  }

  // One file's form: the shared fields and its own.
  data(own) {
    const data = new FormData(this.form);
    for (const [name, value] of Object.entries(own)) data.set(name, value);
    return data;
  }

  // The next files ask again.
  untick() {
    for (const box of this.form.querySelectorAll("[name^=consent_]")) box.checked = false;
  }

  clear() {
    this.summary.hidden = true;
    for (const input of this.form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  }

  // fields: {name: sentence}; what has no place in the form is told without a link.
  wrong(fields) {
    this.clear();
    const lines = Object.entries(fields).map(([name, sentence]) => {
      const inputs = this.form.elements[name];
      const input = inputs?.length && !inputs.options ? inputs[0] : inputs;
      const line = document.createElement("li");
      if (!input) line.textContent = sentence;
      else {
        input.setAttribute("aria-invalid", "true");
        const link = document.createElement("a");
        link.href = `#${input.id}`;
        link.textContent = sentence;
        link.addEventListener("click", (event) => { event.preventDefault(); input.focus(); });
        line.append(link);
      }
      return line;
    });
    this.list.replaceChildren(...lines);
    this.summary.hidden = false;
    this.summary.focus();
  }

  #showSport() {
    const hidden = this.form.elements.vertical.value !== "sports";
    for (const part of this.sport) part.hidden = hidden;
  }
}
