// What has changed while a page is looked at. A page that has something `[data-live]` or `[data-live-case]` asks `/app/changes`, which
// answers when a complaint changes. `body` then hears the event `live`, whose detail has the ids, and each element with
// `data-live-case="<id>"` of one of them hears it too: htmx asks for them again (`hx-trigger="live from:body"`, `hx-trigger="live"`).
//
// Nothing is asked while nobody looks: the tab is hidden, or nobody has touched anything for ten minutes, so that asking does not keep
// a session open at a desk that was left.

const IDLE_MILLIS = 10 * 60_000;
const LONGEST_PAUSE_MILLIS = 60_000;

interface Changed {
  next: string;
  complaints: string[];
}

let since = "";
let touched = Date.now();
let running = false;
let ended = false;

const wait = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));
const isWatched = () =>
  document.visibilityState === "visible" &&
  Date.now() - touched < IDLE_MILLIS &&
  document.querySelector("[data-live], [data-live-case]") !== null;

function tell(ids: string[]): void {
  const live = () => new CustomEvent("live", { detail: { ids } });
  document.body.dispatchEvent(live());
  for (const part of document.querySelectorAll<HTMLElement>("[data-live-case]")) {
    if (ids.includes(part.dataset["liveCase"] ?? "")) part.dispatchEvent(live());
  }
}

/** Asks once. Whoever is signed in no longer is sent to where one signs in, and hears no more. */
async function ask(): Promise<void> {
  const query = since === "" ? "" : `?since=${encodeURIComponent(since)}`;
  const answer = await fetch(`/app/changes${query}`, { redirect: "manual", signal: AbortSignal.timeout(40_000) });
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
    ended = true;
    return;
  }
  if (answer.status === 400) since = "";
  if (!answer.ok) throw new Error(String(answer.status));
  const { next, complaints } = (await answer.json()) as Changed;
  since = next;
  if (complaints.length > 0) tell(complaints);
}

async function follow(): Promise<void> {
  if (running) return;
  running = true;
  let pause = 1_000;
  while (!ended && isWatched()) {
    try {
      await ask();
      pause = 1_000;
      // Many changes at once are one.
      await wait(500);
    } catch {
      // Not all at the same moment.
      await wait(pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }
  running = false;
}

function touch(): void {
  touched = Date.now();
  if (!running) void follow();
}

for (const sign of ["pointerdown", "keydown", "scroll", "visibilitychange"]) {
  document.addEventListener(sign, touch, { passive: true });
}
void follow();
