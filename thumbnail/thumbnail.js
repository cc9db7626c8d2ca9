// The module that the runtime loads as a cell's thumbnail Worker. The generated one exports a class, so that each request would cost
// an instance of it behind a Proxy of twelve traps; its method does as well without.
import Entrypoint from "./index.js";

const { fetch } = Entrypoint.prototype;

export default {
  fetch: (request, env, ctx) => fetch.call({ env, ctx }, request),
};
