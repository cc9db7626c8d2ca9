// The module that the runtime loads. The generated one exports a class, so that each request would cost an instance
// of it behind a Proxy of twelve traps; its methods do as well without.
import Entrypoint from "./index.js";

export { CaseLock, RateLimiter, ReplayGuard } from "./index.js";

const { fetch, queue, scheduled } = Entrypoint.prototype;

export default {
  fetch: (request, env, ctx) => fetch.call({ env, ctx }, request),
  queue: (batch, env, ctx) => queue.call({ env, ctx }, batch),
  scheduled: (event, env, ctx) => scheduled.call({ env, ctx }, event),
};
