// The form of a promotion while it is filled in: says at each field what is wrong with its value, as the server sees
// it, and puts away the fields that the chosen kind has no use for. Without it the same is said when it is saved.
"use strict";
{
  const WAIT = 400; // milliseconds without typing
  const USED_BY = { value: ["percentage", "fixed"], most: ["percentage"], buy: ["buy_x_get_y"], get: ["buy_x_get_y"] };

  const mark = document.querySelector("#promotion-check[data-check]");
  const form = mark?.closest("form");
  const touched = new Set();
  let timer;
  let asked = 0;

  const nameOf = (field) => field.name.replace(/_[01]$/, "");
  const lineOf = (name) => form.querySelector(`.fieldBox.field-${name}, .form-row.field-${name}`);

  function fitToKind() {
    const kind = form.elements.kind?.value;
    for (const [name, kinds] of Object.entries(USED_BY)) {
      const line = lineOf(name);
      const field = form.elements[name];
      if (!line || !field) continue;
      const hasValue = field.value !== "" && Number(field.value) !== 0;
      line.hidden = Boolean(kind) && !kinds.includes(kind) && !hasValue;
    }
  }

  function show(errors) {
    form.querySelectorAll("ul.errorlist.live").forEach((list) => list.remove());
    for (const [name, messages] of Object.entries(errors)) {
      const line = lineOf(name);
      if (!line || !touched.has(name) || line.querySelector("ul.errorlist")) continue;
      const list = document.createElement("ul");
      list.className = "errorlist live";
      list.setAttribute("role", "status");
      list.append(...messages.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
      line.prepend(list);
    }
  }

  async function check() {
    const turn = ++asked;
    const body = new FormData(form);
    body.delete("image");
    const answer = await fetch(mark.dataset.check, { method: "POST", body }).catch(() => null);
    if (turn !== asked || !answer?.ok) return;
    show((await answer.json()).errors);
  }

  function changed(event) {
    if (!event.target.name) return;
    const name = nameOf(event.target);
    touched.add(name);
    // What was said when it was saved last is about another value now.
    lineOf(name)?.querySelector("ul.errorlist:not(.live)")?.remove();
    fitToKind();
    clearTimeout(timer);
    timer = setTimeout(check, WAIT);
  }

  if (form) {
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    fitToKind();
  }
}
