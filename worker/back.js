// The module that the runtime loads as a cell's back Worker. See front.js.
import Entrypoint from "./index.js";

export { CaseLock, LiveHub, Metrics, RateLimiter, ReplayGuard } from "./index.js";

const { fetch, queue, scheduled } = Entrypoint.prototype;

export default {
  fetch: (request, env, ctx) => fetch.call({ env, ctx }, request),
  queue: (batch, env, ctx) => queue.call({ env, ctx }, batch),
  scheduled: (event, env, ctx) => scheduled.call({ env, ctx }, event),
};
