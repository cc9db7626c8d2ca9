// The module that the runtime loads as a cell's staff Worker. See front.js.
import Entrypoint from "./index.js";

const { fetch } = Entrypoint.prototype;

export default {
  fetch: (request, env, ctx) => fetch.call({ env, ctx }, request),
};
