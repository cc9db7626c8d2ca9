// Scripts of the console's office pages.

type Texts = Record<string, string>;

/** What the service says, by language; what is asked for once is kept. */
const read = new Map<string, Promise<Texts>>();

function texts(language: string): Promise<Texts> {
  const held = read.get(language);
  if (held !== undefined) return held;
  const asked = fetch(`/vendor/texts.${encodeURIComponent(language)}.json`).then((answer) => (answer.ok ? (answer.json() as Promise<Texts>) : {}));
  const found = asked.catch((): Texts => ({}));
  read.set(language, found);
  return found;
}

/** Whoever fills in a text of the portal is offered the names there are, and shown what the service says. */
document.addEventListener("focusin", (event) => {
  const row = event.target instanceof Element ? event.target.closest("[data-text]") : null;
  const names = document.querySelector("datalist#texts");
  const [name, language] = row?.querySelectorAll("input") ?? [];
  const said = row?.querySelector("textarea");
  if (names === null || name === undefined || language === undefined || said == null) return;
  void texts(language.value).then((all) => {
    said.placeholder = all[name.value] ?? "";
    if (names.childElementCount > 0) return;
    names.append(...Object.entries(all).map(([value, text]) => new Option(text, value)));
  });
});
