// Keeps what is marked `data-live` up to date, without losing what is selected: "rows" are the rows of a list,
// "page" a whole part, "parts" every `data-live-part` by its id, but for one that is being used. When the server no
// longer marks it, the work is done and the page is loaded once more. `data-live-seconds` is how often; a button
// `data-live-pause` stops and goes on.
"use strict";
{
  const SECONDS = 4;

  const keyOf = (row) => row.querySelector("input.action-select")?.value ?? row.querySelector("th a")?.href;

  function updateRows(shown, fresh) {
    const found = new Map([...fresh.querySelectorAll("tbody tr")].map((row) => [keyOf(row), row]));
    for (const row of shown.querySelectorAll("tbody tr")) {
      const other = found.get(keyOf(row));
      if (!other) continue;
      const cells = other.querySelectorAll("td:not(.action-checkbox)");
      row.querySelectorAll("td:not(.action-checkbox)").forEach((cell, place) => {
        if (cells[place] && cell.innerHTML !== cells[place].innerHTML) cell.replaceChildren(...cells[place].childNodes);
      });
    }
  }

  function updateParts(shown, fresh) {
    for (const part of shown.querySelectorAll("[data-live-part]")) {
      const other = fresh.querySelector(`#${CSS.escape(part.id)}`);
      if (!other || part.contains(document.activeElement)) continue;
      for (const open of part.querySelectorAll("details[open][id]")) {
        other.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
      }
      if (part.className !== other.className) part.className = other.className;
      if (part.innerHTML !== other.innerHTML) replace(part, other);
    }
  }

  // What is announced to listeners stays in its place: only a change of its words is news.
  function replace(part, other) {
    const [said, says] = [part, other].map((one) => one.querySelector("[role=status] strong"));
    const isNews = said && says && said.textContent !== says.textContent;
    const old = part.querySelector("[role=status]");
    part.replaceChildren(...other.childNodes);
    if (old && !isNews) part.querySelector("[role=status]")?.setAttribute("aria-live", "off");
  }

  async function look(shown) {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    const { live } = shown.dataset;
    const isChosen = shown.querySelector("input.action-select:checked") !== null;
    if (!fresh && live !== "parts" && !isChosen) location.reload();
    else if (fresh && live === "page") shown.replaceChildren(...fresh.childNodes);
    else if (fresh && live === "parts") updateParts(shown, fresh);
    else if (fresh) updateRows(shown, fresh);
  }

  function offerPause() {
    const button = document.querySelector("[data-live-pause]");
    if (!button) return () => false;
    const words = [button.textContent, button.dataset.goOn];
    button.hidden = false;
    button.addEventListener("click", () => {
      const isPaused = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isPaused));
      button.textContent = words[Number(isPaused)];
    });
    return () => button.getAttribute("aria-pressed") === "true";
  }

  document.addEventListener("DOMContentLoaded", () => {
    const shown = document.querySelector("[data-live]");
    if (!shown) return;
    const isPaused = offerPause();
    const every = 1000 * (Number(shown.dataset.liveSeconds) || SECONDS);
    const again = () => setTimeout(async () => {
      try {
        if (!document.hidden && !isPaused()) await look(shown);
      } catch {
        // The server is away for a moment; the next look will tell.
      }
      again();
    }, every);
    again();
  });
}
