// The console's own script: what htmx leaves to do.

import "./case";
import "./live";
import "./office";
import "./queue";

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !(event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)) {
    const search = document.querySelector<HTMLInputElement>("input[type=search]");
    if (search === null) return;
    event.preventDefault();
    search.focus();
  }
});
