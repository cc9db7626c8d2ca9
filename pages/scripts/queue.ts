// The queue: keys, selection, and what changes while it is looked at.

const rows = () => [...document.querySelectorAll<HTMLElement>("[data-row]")];
const boxOf = (row: Element | null) => row?.querySelector<HTMLInputElement>("input[type=checkbox]") ?? null;
const boxes = () => [...document.querySelectorAll<HTMLInputElement>("[data-row] input[type=checkbox]")];

/** The row that keys act on, by its id: the list is put in place again and again. */
let at = "";
const selected = new Set<string>();

function stand(row: HTMLElement | undefined): void {
  if (row === undefined) return;
  at = row.id;
  mark();
  row.querySelector<HTMLAnchorElement>("a")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(by: number): void {
  const all = rows();
  const here = all.findIndex((row) => row.id === at);
  stand(all[here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1)]);
}

function mark(): void {
  for (const row of rows()) row.toggleAttribute("data-at", row.id === at);
}

/** Says how many are selected; what is not shown any more is not. */
function tally(): void {
  const all = boxes();
  const n = all.filter((box) => box.checked).length;
  selected.clear();
  for (const box of all) if (box.checked) selected.add(box.value);
  const said = document.querySelector("[data-selected]");
  const words = n === 0 ? "" : `${n} selected`;
  if (said !== null && said.textContent !== words) said.textContent = words;
  const page = document.querySelector<HTMLInputElement>("[data-select-page]");
  if (page === null) return;
  page.checked = n > 0 && n === all.length;
  page.indeterminate = n > 0 && n < all.length;
}

function restore(): void {
  for (const box of boxes()) box.checked = selected.has(box.value);
  tally();
  mark();
  nameRows();
}

/** A job knows complaints by their ids. What they are called is remembered from lists, for as long as the tab is open. */
const NAMES = "references";
function nameRows(): void {
  let names: Record<string, string> = {};
  try {
    names = JSON.parse(sessionStorage.getItem(NAMES) ?? "{}") as Record<string, string>;
  } catch {
    // What cannot be read is not known.
  }
  for (const link of document.querySelectorAll<HTMLElement>("[data-reference]")) {
    const name = names[link.dataset["reference"] ?? ""];
    if (name !== undefined) link.textContent = name;
  }
  for (const row of rows()) names[row.id.replace("row-", "")] = row.querySelector("a")?.textContent ?? "";
  const kept = Object.entries(names).slice(-1000);
  sessionStorage.setItem(NAMES, JSON.stringify(Object.fromEntries(kept)));
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement)) return;
  if (box.matches("[data-select-page]")) for (const one of boxes()) one.checked = box.checked;
  if (box.matches("[data-select-page], [data-row] input")) tally();
});

document.addEventListener("focusin", (event) => {
  const row = event.target instanceof Element ? event.target.closest("[data-row]") : null;
  if (row === null) return;
  at = row.id;
  mark();
});

document.addEventListener("submit", (event) => {
  const { submitter, target } = event;
  const wants = submitter instanceof HTMLButtonElement && submitter.value === "selected";
  if (!(target instanceof HTMLFormElement) || target.id !== "bulk" || !wants) return;
  if (boxes().some((box) => box.checked)) return;
  event.preventDefault();
  const said = document.querySelector("[data-selected]");
  if (said !== null) said.textContent = "Select some first";
});

const isTyping = (where: EventTarget | null) =>
  where instanceof Element && where.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;

/** Whether `g` was the last key. */
let going = false;

const keys: Record<string, () => void> = {
  j: () => move(1),
  k: () => move(-1),
  o: () => document.getElementById(at)?.querySelector<HTMLAnchorElement>("a")?.click(),
  x: () => {
    const box = boxOf(document.getElementById(at));
    if (box === null) return;
    box.checked = !box.checked;
    tally();
  },
  "?": () => document.querySelector<HTMLDialogElement>("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
  if (!plain || isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
  if (going && event.key === "q") window.location.assign("/app/queue");
  going = event.key === "g";
  const act = keys[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

document.addEventListener("htmx:after:swap", restore);
restore();
