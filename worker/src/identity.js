// What signing staff in needs of the runtime: providers are asked, and what Web Crypto does. Strings and bytes only, as in glue.js.

const HOW = { redirect: "manual" };

/**
 * Asks an address outside (a POST if there is a body) and follows no redirect. Two parts: the status, a line feed and the body of at most
 * so many bytes; empty if there is no answer in time, or it is longer.
 */
export async function ask(url, body, headers, limit, millis) {
  const request = { ...HOW, headers: {}, signal: AbortSignal.timeout(millis) };
  if (body !== "") Object.assign(request, { method: "POST", body });
  for (const line of headers.split("\n")) {
    const colon = line.indexOf(": ");
    request.headers[line.slice(0, colon)] = line.slice(colon + 2);
  }
  try {
    const answer = await fetch(url, request);
    const chunks = [];
    let size = 0;
    for await (const chunk of answer.body ?? []) {
      size += chunk.byteLength;
      if (size > limit) return "";
      chunks.push(chunk);
    }
    return `${answer.status}\n${await new Blob(chunks).text()}`;
  } catch {
    return "";
  }
}

/** Whether a signature is one of a key: the key, and what Web Crypto is told of the algorithm, as JSON. */
export async function verify(jwk, importing, verifying, signature, data) {
  // Rust's memory may move while it waits.
  const [signed, said] = [signature.slice(), data.slice()];
  try {
    const key = await crypto.subtle.importKey("jwk", JSON.parse(jwk), JSON.parse(importing), false, ["verify"]);
    return await crypto.subtle.verify(JSON.parse(verifying), key, signed, said);
  } catch {
    return false;
  }
}

/**
 * Asks the API of this cell, as a browser that has these headers (`name: value` lines) would: the status, its tag, what it has seen of
 * databases and where it has put something, each with a line feed, and the body. Undefined if there is no answer in time.
 */
export async function ask_api(env, method, path, headers, body, millis) {
  const request = { method, headers: {}, redirect: "manual", signal: AbortSignal.timeout(millis) };
  if (body !== "") request.body = body;
  for (const line of headers.split("\n")) {
    const colon = line.indexOf(": ");
    request.headers[line.slice(0, colon)] = line.slice(colon + 2);
  }
  try {
    const answer = await env.FRONT.fetch(`https://api${path}`, request);
    if (!answer.headers.has("x-request-id")) return undefined;
    const [tag, seen, place] = ["etag", "redress-bookmark", "location"].map((name) => answer.headers.get(name) ?? "");
    return `${answer.status}\n${tag}\n${seen}\n${place}\n${await answer.text()}`;
  } catch {
    return undefined;
  }
}

const NONCE = 12;
const key = (bytes, use) => crypto.subtle.importKey("raw", bytes, "AES-GCM", false, [use]);

/** Seals a text with 32 bytes (AES-256-GCM): base64url of a nonce and what comes of it. */
export async function seal(secret, text) {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const sealing = await key(secret.slice(), "encrypt");
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, sealing, new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...iv, ...sealed)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The text that was sealed, or undefined. */
export async function unseal(secret, sealed) {
  const bytes = secret.slice();
  try {
    const all = Uint8Array.from(atob(sealed.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    const opening = await key(bytes, "decrypt");
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: all.slice(0, NONCE) }, opening, all.slice(NONCE));
    return new TextDecoder().decode(text);
  } catch {
    return undefined;
  }
}
