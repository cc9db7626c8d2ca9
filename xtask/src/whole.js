// Stands before a Worker's module on this machine: reads the rest of a body that was refused, as the edge does. Otherwise whoever sends
// one is cut off before the answer comes.
import entry from "./entry.js";

export * from "./entry.js";

const fetch = async (request, env, context) => {
  try {
    return await entry.fetch(request, env, context);
  } finally {
    if (request.body && !request.bodyUsed) await request.body.pipeTo(new WritableStream()).catch(() => {});
  }
};

export default { ...entry, fetch };
