// Stands before a Worker's module where a test wants its bindings to fail. `POST /__faults` says how, until it says otherwise:
// {"DB_0": {"fail": "Network connection lost"}}   what is asked of DB_0 is not done, and fails;
// {"DB_0": {"lose": "Network connection lost"}}   it is done, and fails all the same;
// {"DB_0": {"delay": 5000}}                        it is done after so many milliseconds.
// `POST /__send` puts messages on queues as they are: {"NOTIFY": ["nobody can read this"]}.
import entry from "./entry.js";

export * from "./entry.js";

const MAY_FAIL = /^(DB_\d+|ATTACHMENTS|NOTIFY|JOBS|WEBHOOKS|MESSAGES|SCAN|DIRECTORY|PRINT|THUMBNAIL)$/;
const OTHERS = ["MIDDLE", "COURIER", "BACK", "WEB", "STAFF"];

let faults = {};

async function through(name, call) {
  const { delay, fail, lose } = faults[name] ?? {};
  if (delay) await new Promise((done) => setTimeout(done, delay));
  if (fail) throw new Error(fail);
  const answer = await call();
  if (lose) throw new Error(lose);
  return answer;
}

const statement = (name, own) => ({
  own,
  bind: (...values) => statement(name, own.bind(...values)),
  all: () => through(name, () => own.all()),
});

const database = (name, own) => ({
  prepare: (sql) => statement(name, own.prepare(sql)),
  batch: (statements) => through(name, () => own.batch(statements.map(({ own }) => own))),
  withSession: (from) => database(name, own.withSession(from)),
  getBookmark: () => own.getBookmark?.(),
});

const other = (name, own) => new Proxy(own, {
  get: (_, member) => (typeof own[member] === "function" ? (...values) => through(name, () => own[member](...values)) : own[member]),
});

const binding = (name, own) => (name.startsWith("DB_") ? database(name, own) : other(name, own));

const faulty = (env) => new Proxy(env, {
  get: (_, name) => (env[name] !== undefined && MAY_FAIL.test(String(name)) ? binding(name, env[name]) : env[name]),
});

// Each Worker has some of the queues.
async function send(body, env) {
  const left = {};
  for (const [queue, messages] of Object.entries(JSON.parse(body))) {
    if (!env[queue]) left[queue] = messages;
    else for (const message of messages) await env[queue].send(message);
  }
  if (Object.keys(left).length === 0) return new Response();
  for (const other of OTHERS) {
    const sent = await env[other]?.fetch("https://cell/__send", { method: "POST", body: JSON.stringify(left) });
    if (sent?.ok) return sent;
  }
  return new Response(null, { status: 404 });
}

async function fail(body, env) {
  faults = JSON.parse(body);
  for (const other of OTHERS) await env[other]?.fetch("https://cell/__faults", { method: "POST", body });
  return new Response();
}

const OWN = { "/__faults": fail, "/__send": send };

export default {
  email: (message, env, context) => entry.email(message, faulty(env), context),
  async fetch(request, env, context) {
    const own = OWN[new URL(request.url).pathname];
    return own ? await own(await request.text(), env) : await entry.fetch(request, faulty(env), context);
  },
  queue: (batch, env, context) => entry.queue(batch, faulty(env), context),
  scheduled: (event, env, context) => entry.scheduled(event, faulty(env), context),
};
