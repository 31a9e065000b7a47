// "/" leads to the search, as on other sites; not while somebody is typing.
"use strict";
document.addEventListener("keydown", (event) => {
  const search = document.getElementById("global-search");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !search) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  search.focus();
  search.select();
});
