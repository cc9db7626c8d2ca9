// The console's own script: what htmx leaves to do.

import "./case";
import "./live";
import "./office";
import "./queue";

// On a phone a row of tabs is wider than the page: the one that is shown is brought into it.
for (const tab of document.querySelectorAll("nav [aria-current]")) tab.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !(event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)) {
    const search = document.querySelector<HTMLInputElement>("input[type=search]");
    if (search === null) return;
    event.preventDefault();
    search.focus();
  }
});
