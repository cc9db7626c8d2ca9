// The module that the runtime loads as a cell's middle Worker. See front.js.
import Entrypoint from "./index.js";

const { email, fetch, queue, scheduled } = Entrypoint.prototype;

export default {
  email: (message, env, ctx) => email.call({ env, ctx }, message),
  fetch: (request, env, ctx) => fetch.call({ env, ctx }, request),
  queue: (batch, env, ctx) => queue.call({ env, ctx }, batch),
  scheduled: (event, env, ctx) => scheduled.call({ env, ctx }, event),
};
