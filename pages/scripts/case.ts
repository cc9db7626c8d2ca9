// Scripts of the console's case pages: the lock is held while somebody works, files are sent, and what comes in by itself disturbs nobody.
export {};

const RENEW_MILLIS = 60_000;
const MOST_BYTES = 100_000_000;

const head = (): HTMLElement | null => document.querySelector<HTMLElement>("#case-head");
const csrf = (): string => document.body.dataset["csrf"] ?? "";
// As if the case had changed: see live.ts.
const look = (): boolean | undefined => document.querySelector("[data-live-case]")?.dispatchEvent(new CustomEvent("live"));

// The lock. Whoever leaves gives it back, unless they go on with the same case.

let stays = false;

function lockOf(case_: HTMLElement): [string, RequestInit] | null {
  const { case: id, lock } = case_.dataset;
  if (id === undefined || lock === undefined) return null;
  return [`/v1/complaints/${id}/lock`, { headers: { "x-redress-csrf": csrf(), "redress-lock": lock, "content-type": "application/json" } }];
}

async function renew(): Promise<void> {
  const case_ = head();
  const held = case_ === null ? null : lockOf(case_);
  if (case_ === null || held === null) return;
  const [url, init] = held;
  const holder = { id: case_.dataset["me"], name: case_.dataset["name"] };
  const ask = (): Promise<Response> => fetch(url, { ...init, method: "PUT", body: JSON.stringify({ holder, ttl_seconds: 300 }) });
  let answer = await ask();
  if (answer.status === 401 && (await refreshed())) answer = await ask();
  // It has ended, or a lead has taken it over: the page says so.
  if (answer.status === 409 || answer.status === 423) look();
}

async function refreshed(): Promise<boolean> {
  return (await fetch("/app/refresh", { method: "POST" })).ok;
}

if (head() !== null) {
  setInterval(() => void renew().catch(() => undefined), RENEW_MILLIS);
  document.addEventListener("submit", () => { stays = true; });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null) return;
    const id = head()?.dataset["case"] ?? "";
    // A file is saved, and the page stays.
    stays = link.pathname.startsWith(`/app/cases/${id}`) && !link.pathname.includes("/files/");
  });
  window.addEventListener("pagehide", () => {
    const case_ = head();
    const held = case_ === null || stays ? null : lockOf(case_);
    if (held !== null) void fetch(held[0], { ...held[1], method: "DELETE", keepalive: true });
  });
}

// What comes in by itself: forms that nobody has begun to fill in are of the version that is shown; what was opened stays open.

let open: string[] = [];

document.addEventListener("input", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form") : null;
  if (form !== null) form.dataset["begun"] = "yes";
});
document.addEventListener("htmx:before:swap", () => {
  open = [...document.querySelectorAll("#case-clocks details[open]")].map((details) => details.id);
});
document.addEventListener("htmx:after:swap", () => {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const version = head()?.dataset["version"];
  if (version === undefined) return;
  for (const input of document.querySelectorAll<HTMLInputElement>("form:not([data-begun]) input[name=version]")) input.value = version;
});

// Files.

function send(file: File, url: string, progress: HTMLProgressElement): Promise<string> {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${url}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("x-redress-csrf", csrf());
    request.setRequestHeader("idempotency-key", crypto.randomUUID());
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => { progress.value = event.loaded / event.total; });
    request.addEventListener("error", () => { done("The connection broke off. Try again."); });
    request.addEventListener("load", () => { done(request.status < 300 ? "" : why(request)); });
    request.send(file);
  });
}

function why(request: XMLHttpRequest): string {
  try {
    const problem = JSON.parse(request.responseText) as { title?: string; detail?: string; errors?: { detail: string }[] };
    return problem.errors?.[0]?.detail ?? problem.detail ?? problem.title ?? "It was not taken.";
  } catch {
    return "It was not taken.";
  }
}

async function attach(form: HTMLFormElement, input: HTMLInputElement): Promise<void> {
  const progress = form.querySelector("progress");
  const said = form.querySelector("[role=status]");
  const url = form.dataset["attach"];
  if (progress === null || said === null || url === undefined) return;
  const files = [...(input.files ?? [])];
  const refused: string[] = [];
  input.disabled = true;
  progress.hidden = false;
  // A file takes long: the session must outlast it.
  await refreshed().catch(() => false);
  for (const [at, file] of files.entries()) {
    said.textContent = `Sending ${file.name} (${at + 1} of ${files.length})`;
    progress.value = 0;
    const wrong = file.size > MOST_BYTES ? "It is larger than 100 MB." : await send(file, url, progress);
    if (wrong !== "") refused.push(`${file.name}: ${wrong}`);
  }
  const taken = files.length - refused.length;
  const added = taken === 0 ? "" : `${taken === 1 ? "1 file was" : `${taken} files were`} added. A virus scanner looks at what was added first.`;
  said.textContent = [...refused, added].filter((words) => words !== "").join(" ");
  said.classList.toggle("wrong", refused.length > 0);
  progress.hidden = true;
  input.disabled = false;
  input.value = "";
  look();
  setTimeout(look, 5_000);
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-attach]")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); });
  const input = form.querySelector<HTMLInputElement>("input[type=file]");
  input?.addEventListener("change", () => void attach(form, input));
}
