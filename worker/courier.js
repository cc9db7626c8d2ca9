// The module that the runtime loads as a cell's courier. See front.js.
import Entrypoint from "./index.js";

const { fetch, queue, scheduled } = Entrypoint.prototype;

export default {
  fetch: (request, env, ctx) => fetch.call({ env, ctx }, request),
  queue: (batch, env, ctx) => queue.call({ env, ctx }, batch),
  scheduled: (event, env, ctx) => scheduled.call({ env, ctx }, event),
};
