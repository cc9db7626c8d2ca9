#!/usr/bin/env node
// Signs a request to Redress (RFC 9421, RFC 9530) and sends it. Node 20 or later, nothing to install.
// See docs/request-signing.md.

import { createHash, createHmac, createPrivateKey, randomBytes, randomUUID, sign as signBytes } from "node:crypto";
import { parseArgs } from "node:util";

const COMPLAINT = '{"complainant":{"name":"Ada Winter"},"channel":"web","description":"A fee was charged twice."}';
/** What stands before the 32 bytes of the seed in the PKCS #8 form of an Ed25519 key (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The function that signs bytes. The key is rdr_sign_…, a PKCS #8 PEM, or an Ed25519 seed in base64url. */
function signer(key) {
  if (key.startsWith("rdr_sign_")) {
    const secret = Buffer.from(key.slice("rdr_sign_".length), "base64url");
    return (base) => createHmac("sha256", secret).update(base).digest();
  }
  const privateKey = key.startsWith("-----BEGIN")
    ? createPrivateKey(key)
    : createPrivateKey({
        key: Buffer.concat([PKCS8_PREFIX, Buffer.from(key, "base64url")]),
        format: "der",
        type: "pkcs8",
      });
  return (base) => signBytes(null, base, privateKey);
}

/** `headers` with Content-Digest, Signature-Input and Signature. Whatever is in `headers` is covered. */
function sign({ method, url, headers, body, key, keyId, created, nonce }) {
  const sent = { ...headers };
  if (body.length > 0 || ["POST", "PUT", "PATCH"].includes(method)) {
    sent["Content-Digest"] = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  }
  const values = [["@method", method], ["@target-uri", url]];
  for (const [name, value] of Object.entries(sent)) values.push([name.toLowerCase(), value.trim()]);
  const covered = values.map(([name]) => `"${name}"`).join(" ");
  const params = `(${covered});created=${created};expires=${created + 300};nonce="${nonce}";keyid="${keyId}"`;
  const lines = values.map(([name, value]) => `"${name}": ${value}`);
  const base = [...lines, `"@signature-params": ${params}`].join("\n");
  sent["Signature-Input"] = `sig1=${params}`;
  sent["Signature"] = `sig1=:${signer(key)(Buffer.from(base)).toString("base64")}:`;
  return sent;
}

const { values: options } = parseArgs({
  options: {
    method: { type: "string", default: "POST" },
    url: { type: "string" }, // default: $REDRESS_URL/v1/complaints
    body: { type: "string" }, // default: an example complaint
    "idempotency-key": { type: "string" }, // default: a new one for every POST; repeat it when you retry
    "if-match": { type: "string" }, // the ETag that a change is based on
    created: { type: "string", default: String(Math.floor(Date.now() / 1000)) },
    nonce: { type: "string", default: randomBytes(18).toString("base64url") },
    print: { type: "boolean", default: false }, // print the headers instead of sending the request
  },
});
const { REDRESS_URL, REDRESS_KEY, REDRESS_KEY_ID, REDRESS_SIGNING_KEY } = process.env;

const { method } = options;
// `href` is what fetch sends, so it is what must be signed.
const url = new URL(options.url ?? `${REDRESS_URL.replace(/\/$/, "")}/v1/complaints`).href;
const body = Buffer.from(options.body ?? (method === "POST" ? COMPLAINT : ""));
const headers = {};
if (body.length > 0) headers["Content-Type"] = "application/json";
if (method === "POST" || options["idempotency-key"]) {
  headers["Idempotency-Key"] = options["idempotency-key"] ?? `"${randomUUID()}"`;
}
if (options["if-match"]) headers["If-Match"] = options["if-match"];

const signed = sign({
  method,
  url,
  headers,
  body,
  key: REDRESS_SIGNING_KEY.trim(),
  keyId: REDRESS_KEY_ID,
  created: Number(options.created),
  nonce: options.nonce,
});
if (options.print) {
  for (const [name, value] of Object.entries(signed)) console.log(`${name}: ${value}`);
} else {
  signed.Authorization = `Bearer ${REDRESS_KEY}`;
  const answer = await fetch(url, { method, headers: signed, body: body.length > 0 ? body : undefined });
  console.log(answer.status);
  console.log(await answer.text());
  if (!answer.ok) process.exitCode = 1;
}
