// Keeps what is marked `data-live` up to date, without losing what is selected: "rows" are the rows of a list,
// "page" a whole part. When the server no longer marks it, the work is done and the page is loaded once more.
"use strict";
{
  const EVERY_MS = 4000;

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

  async function look(shown) {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (!fresh && shown.dataset.live === "page") location.reload();
    else if (fresh && shown.dataset.live === "page") shown.replaceChildren(...fresh.childNodes);
    else if (fresh) updateRows(shown, fresh);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const shown = document.querySelector("[data-live]");
    if (!shown) return;
    const again = () => setTimeout(async () => {
      try {
        if (!document.hidden) await look(shown);
      } catch {
        // The server is away for a moment; the next look will tell.
      }
      again();
    }, EVERY_MS);
    again();
  });
}
