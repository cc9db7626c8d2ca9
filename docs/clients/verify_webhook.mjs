#!/usr/bin/env node
// Verifies a webhook of Redress (Standard Webhooks). Node 20 or later, nothing to install. See docs/webhooks.md.

import { createHmac, createPublicKey, timingSafeEqual, verify as verifyBytes } from "node:crypto";

/** What stands before the 32 bytes of an Ed25519 public key in its SPKI form (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
/** How old a message may be, in seconds. */
const TOLERANCE = 300;

/**
 * Whether `body`, the bytes as they came, is from Redress. `headers` has names in lower case; `key` is the endpoint's secret
 * (whsec_…) or its public key (whpk_…).
 */
export function verify(headers, body, key, now = Date.now() / 1000) {
  const timestamp = headers["webhook-timestamp"];
  if (Math.abs(now - Number(timestamp)) > TOLERANCE) return false;
  const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${timestamp}.`), Buffer.from(body)]);
  const bytes = Buffer.from(key.slice(key.indexOf("_") + 1), "base64");
  return headers["webhook-signature"].split(" ").some((one) => {
    const [version, text] = one.split(",");
    const signature = Buffer.from(text, "base64");
    if (version === "v1" && key.startsWith("whsec_")) {
      const expected = createHmac("sha256", bytes).update(signed).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    }
    if (version === "v1a" && key.startsWith("whpk_")) {
      const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: "der", type: "spki" });
      return verifyBytes(null, signed, publicKey, signature);
    }
    return false;
  });
}

if (process.argv[1] === import.meta.filename) {
  const { WEBHOOK_HEADERS, WEBHOOK_BODY, WEBHOOK_KEY } = process.env;
  console.log(verify(JSON.parse(WEBHOOK_HEADERS), WEBHOOK_BODY, WEBHOOK_KEY));
}
