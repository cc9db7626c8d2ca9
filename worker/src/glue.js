// Everything that crosses between wasm and the runtime on a request's way, one crossing each way: strings and
// byte arrays only. Each crossing and each JavaScript object reflected field by field costs microseconds.

const HEADERS = [
  "authorization",
  "content-type",
  "idempotency-key",
  "if-match",
  "traceparent",
  "cf-connecting-ip",
  "redress-bookmark",
  "redress-hops",
  "redress-lock",
  "signature-input",
];

/** What a promise comes to, or `late` if it takes longer than so many milliseconds. */
async function within(millis, promise, late) {
  let timer;
  const passed = new Promise((done) => { timer = setTimeout(() => done(late), millis); });
  try {
    return await Promise.race([promise, passed]);
  } finally {
    clearTimeout(timer);
  }
}

/** Method, URL and the headers of HEADERS, joined by line feeds, which none of them can contain. */
export function request_head(request) {
  const { headers } = request;
  let head = `${request.method}\n${request.url}`;
  for (const name of HEADERS) head += `\n${headers.get(name) ?? ""}`;
  return head;
}

/** The body, or undefined if it has more than `limit` bytes; reading stops there. */
export async function request_body(request, limit) {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) return undefined;
  if (request.body === null) return new Uint8Array();
  if (declared !== null) return new Uint8Array(await request.arrayBuffer());
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** The bytes that one read of a body gives at most. */
const PIECE = 256 * 1024;

/** A body, to be read piece by piece. */
export function inlet(request) {
  return { reader: request.body?.getReader({ mode: "byob" }), buffer: new ArrayBuffer(PIECE), coming: undefined };
}

/**
 * The next piece; at the end one that is empty. Undefined if none has come for so many milliseconds (0: it waits).
 * Fails if the caller has broken off.
 */
export async function inlet_piece(inlet, millis) {
  if (inlet.reader === undefined) return new Uint8Array();
  inlet.coming ??= inlet.reader.read(new Uint8Array(inlet.buffer));
  const come = millis > 0 ? await within(millis, inlet.coming) : await inlet.coming;
  if (come === undefined) return undefined;
  inlet.coming = undefined;
  if (come.value !== undefined) inlet.buffer = come.value.buffer;
  return come.done ? new Uint8Array() : come.value;
}

/** An answer's body, to be written piece by piece: has room until so many bytes wait to be taken. */
export function outlet(capacity) {
  const outlet = { gone: false, controller: undefined, room: undefined, stream: undefined };
  outlet.stream = new ReadableStream({
    start(controller) { outlet.controller = controller; },
    pull() { outlet.room?.(); },
    cancel() { outlet.gone = true; outlet.room?.(); },
  }, { highWaterMark: capacity, size: (piece) => piece.byteLength });
  return outlet;
}

/** Writes a piece, of which it takes a copy, once there is room. False if the caller has gone away. */
export async function outlet_write(outlet, piece) {
  const copy = piece.slice();
  while (!outlet.gone && outlet.controller.desiredSize <= 0) await new Promise((done) => { outlet.room = done; });
  if (!outlet.gone && copy.length > 0) outlet.controller.enqueue(copy);
  return !outlet.gone;
}

/** Ends the answer; with a reason, so that the caller sees that it is not whole. */
export function outlet_end(outlet, reason) {
  if (outlet.gone) return;
  if (reason === "") outlet.controller.close();
  else outlet.controller.error(new Error(reason));
}

export function stream_response(status, headers, outlet) {
  return answer(status, headers, outlet.stream);
}

/** `headers` is `name: value` lines; `body` is copied. */
export function response(status, headers, body) {
  return answer(status, headers, status === 204 || status === 304 ? null : body.slice());
}

// Set one by one on the answer: a list of pairs costs the runtime four times as much to take apart.
function answer(status, headers, body) {
  return labelled(new Response(body, { status }), headers);
}

function labelled(answer, headers) {
  for (const line of headers.split("\n")) {
    const colon = line.indexOf(": ");
    answer.headers.append(line.slice(0, colon), line.slice(colon + 2));
  }
  return answer;
}

/** A header, with its values joined, or undefined. */
export function header(request, name) {
  return request.headers.get(name) ?? undefined;
}

/** Where the cell has a jurisdiction, its objects live in it; the local runtime knows none. */
function object(env, binding, name) {
  const namespace = env.JURISDICTION ? env[binding].jurisdiction(env.JURISDICTION) : env[binding];
  return namespace.get(namespace.idFromName(name));
}

/** Opens a socket of the object called `name`, for whom the header says: its end; or as a text why it is not opened. */
export async function object_socket(env, binding, name, header, entry) {
  const answer = await object(env, binding, name).fetch("https://object/", { headers: { upgrade: "websocket", [header]: entry } });
  if (answer.status === 101) return answer.webSocket;
  const said = await answer.text();
  if (answer.status === 409) return said;
  throw new Error(`the object answered ${answer.status}`);
}

/** The answer that turns a request into a socket. */
export function socket_response(headers, socket) {
  return labelled(new Response(null, { status: 101, webSocket: socket }), headers);
}

/** Asks the object called `name`: JSON there and back. */
export async function object_ask(env, binding, name, question) {
  const answer = await object(env, binding, name).fetch("https://object/", { method: "POST", body: question });
  if (!answer.ok) throw new Error(`the object answered ${answer.status}`);
  return await answer.text();
}

/**
 * Sends a request on to another cell, whose answer is given back as it comes. `headers` is `name: value` lines to set.
 * Undefined if that cell does not answer in time: what does not carry a request id is not from a cell.
 */
export async function forward(env, binding, request, headers, millis) {
  const cell = env[binding];
  if (cell === undefined) return undefined;
  const onward = new Request(request, { redirect: "manual" });
  for (const line of headers.split("\n")) {
    const colon = line.indexOf(": ");
    onward.headers.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const answer = await within(millis, cell.fetch(onward));
  return answer?.headers.has("x-request-id") ? answer : undefined;
}

/** Asks a Worker whether it is there. Fails if it is not: what does not carry a request id is not from it. */
export async function is_there(env, binding) {
  const answer = await env[binding].fetch("https://cell/healthz");
  await answer.body?.cancel();
  if (!answer.headers.has("x-request-id")) throw new Error(`answered ${answer.status}`);
}

/** Asks another cell: JSON there and back, before it the status and a line feed. Undefined as for `forward`. */
export async function ask_cell(env, binding, path, token, body, millis) {
  const cell = env[binding];
  if (cell === undefined) return undefined;
  const headers = { "authorization": `Bearer ${token}`, "content-type": "application/json" };
  const asked = cell.fetch(`https://cell${path}`, { method: "POST", headers, body, redirect: "manual" })
    .then(async (answer) => (answer.headers.has("x-request-id") ? `${answer.status}\n${await answer.text()}` : undefined))
    // A cell that breaks off does not answer either.
    .catch(() => undefined);
  return await within(millis, asked);
}

/** A variable or secret as text, or undefined. */
export function variable(env, name) {
  const value = env[name];
  return typeof value === "string" ? value : undefined;
}

/** Whether there is a binding of this name. */
export function bound(env, name) {
  return env[name] !== undefined;
}

/** The whole numbers n below `limit` for which there is a binding `<prefix><n>`, as a JSON list. */
export function numbered(env, prefix, limit) {
  const found = [];
  for (let n = 0; n < limit; n += 1) if (env[`${prefix}${n}`] !== undefined) found.push(n);
  return JSON.stringify(found);
}

/**
 * Runs statements in one call, as one transaction. `statements` is JSON: [[sql, ...parameters], ...]; a parameter
 * `{"list": n}` is line n of `lists`, for texts so long that writing them into JSON once more costs. `from` is what
 * withSession takes: "first-primary", "first-unconstrained" or a bookmark. Where there are no replicas (READ_REPLICAS is
 * "0") there is no session: the primary answers all, and there is no bookmark.
 * The answer has two lines: how many rows were read and written and the new bookmark, and as JSON the rows of each
 * statement: [[row, ...], ...]. Where nothing was done, the first line is empty and the second says why. If `plain`, what
 * stands for the second is the first value of the first row as it is, which may have lines.
 * After so many milliseconds it is not waited for any more: then nobody knows whether it was done.
 */
export async function d1(env, binding, from, statements, lists, plain, millis) {
  return await within(millis, run(env, binding, from, statements, lists, plain), "\nthe database does not answer in time");
}

async function run(env, binding, from, statements, lists, plain) {
  try {
    const db = env.READ_REPLICAS === "0" ? env[binding] : env[binding].withSession(from);
    const texts = lists.length === 0 ? undefined : new TextDecoder().decode(lists).split("\n");
    const prepared = JSON.parse(statements).map(([sql, ...parameters]) => {
      const bound = texts === undefined ? parameters : parameters.map((one) => texts[one?.list] ?? one);
      return db.prepare(sql).bind(...bound);
    });
    const results = prepared.length === 1 ? [await prepared[0].all()] : await db.batch(prepared);
    const rows = [];
    let read = 0;
    let written = 0;
    for (const { results: found, meta } of results) {
      rows.push(found);
      read += meta.rows_read ?? 0;
      written += meta.rows_written ?? 0;
    }
    const said = plain ? Object.values(rows[0][0] ?? {})[0] ?? "" : JSON.stringify(rows);
    return `${read} ${written} ${db.getBookmark?.() ?? ""}\n${said}`;
  } catch (error) {
    return `\n${error?.message ?? error}`;
  }
}

/** The value of a key, or undefined. */
export async function kv_get(env, binding, key) {
  return (await env[binding].get(key)) ?? undefined;
}

export async function kv_put(env, binding, key, value) {
  await env[binding].put(key, value);
}

/** Keeps a copy of bytes in the cell's bucket, if they have this SHA-256. */
export async function bucket_put(env, key, bytes, sha256) {
  await env.ATTACHMENTS.put(key, bytes.slice(), { sha256 });
}

/** The bytes that are kept under a key, or undefined. */
export async function bucket_get(env, key) {
  const kept = await env.ATTACHMENTS.get(key);
  return kept === null ? undefined : new Uint8Array(await kept.arrayBuffer());
}

/** Keeps the body of a request that says how long it is, as it comes, if it has this SHA-256. */
export async function bucket_take(env, key, request, sha256) {
  const { readable, writable } = new FixedLengthStream(Number(request.headers.get("content-length")));
  const [kept] = await Promise.all([env.ATTACHMENTS.put(key, readable, { sha256 }), request.body.pipeTo(writable)]);
  return kept;
}

/** A body of a file, to be looked at and then taken in. */
export function intake(request) {
  return { reader: request.body?.getReader(), begun: [], held: 0, done: request.body === null };
}

/** What is kept under a key, likewise; undefined if nothing is. */
export async function bucket_intake(env, key) {
  const kept = await env.ATTACHMENTS.get(key);
  return kept === null ? undefined : intake(kept);
}

/** Begins an upload in parts. What the bucket calls it. */
export async function upload_begin(env, key) {
  return (await env.ATTACHMENTS.createMultipartUpload(key)).uploadId;
}

/** Makes one file of so many bytes of parts (JSON: [{partNumber, etag}, ...]), unless that was done before. */
export async function upload_complete(env, key, upload, parts, size) {
  try {
    await env.ATTACHMENTS.resumeMultipartUpload(key, upload).complete(JSON.parse(parts));
  } catch (error) {
    if ((await env.ATTACHMENTS.head(key))?.size !== size) throw error;
  }
}

/** Gives up an upload, if it is still under way. */
export async function upload_abort(env, key, upload) {
  await env.ATTACHMENTS.resumeMultipartUpload(key, upload).abort().catch(() => {});
}

/** The sender and the address of a mail's envelope and how many bytes it has, a line each. */
export function mail_head(message) {
  const line = (text) => (text ?? "").replace(/[\r\n]/g, " ").trim();
  return `${line(message.from)}\n${line(message.to)}\n${message.rawSize}`;
}

/** Refuses a mail for good. */
export async function mail_reject(message, reason) {
  await message.setReject(reason);
}

/** A mail, to be taken in. */
export function mail_intake(message) {
  return intake({ body: message.raw });
}

/** Bytes in a charset (Encoding Standard) as text; undefined if there is no such. */
export function decode_text(label, bytes) {
  try {
    return new TextDecoder(label, { ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The next piece of a file; undefined at the end. */
async function intake_next(intake) {
  if (intake.done) return undefined;
  const { done, value } = await intake.reader.read();
  intake.done = done;
  return value;
}

/** The beginning of a file, of at least so many bytes if it has as many. */
export async function intake_begin(intake, enough) {
  while (intake.held < enough) {
    const piece = await intake_next(intake);
    if (piece === undefined) break;
    intake.begun.push(piece);
    intake.held += piece.byteLength;
  }
  return new Uint8Array(await new Blob(intake.begun).arrayBuffer());
}

const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Takes a file of so many bytes in, piece by piece, and keeps it under a key, unless that is empty; as a part of an upload if that has a
 * number. As JSON its hashes and what the bucket calls it; or why it is not kept: "size", "text" (it is to be text, and is not UTF-8 or
 * has U+0000), or what went wrong.
 */
export async function intake_keep(env, key, upload, part, intake, size, text, sha512) {
  const hashes = [new crypto.DigestStream("SHA-256"), ...(sha512 ? [new crypto.DigestStream("SHA-512")] : [])];
  const file = key === "" ? undefined : new FixedLengthStream(size);
  const bucket = part > 0 ? env.ATTACHMENTS.resumeMultipartUpload(key, upload) : env.ATTACHMENTS;
  const keeping = file && (part > 0 ? bucket.uploadPart(part, file.readable) : bucket.put(key, file.readable));
  const digests = Promise.all(hashes.map(({ digest }) => digest));
  // Whoever fails first is told; the others must not be left alone with it.
  for (const promise of [keeping, digests]) promise?.catch(() => {});
  const writers = [...hashes, ...(file ? [file.writable] : [])].map((sink) => sink.getWriter());
  const decoder = text ? new TextDecoder("utf-8", { fatal: true }) : undefined;
  let seen = 0;
  const check = (piece) => {
    seen += piece.byteLength;
    if (seen > size) throw "size";
    if (decoder === undefined) return;
    if (piece.includes(0)) throw "text";
    try { decoder.decode(piece, { stream: true }); } catch { throw "text"; }
  };
  try {
    const next = async () => intake.begun.shift() ?? await intake_next(intake);
    for (let piece = await next(); piece !== undefined; piece = await next()) {
      check(piece);
      const written = Promise.all(writers.map((writer) => writer.write(piece)));
      // A bucket that has failed takes nothing any more, and would be waited for.
      await Promise.race([written, keeping?.then(() => written) ?? written]);
    }
    if (seen !== size) throw "size";
    try { decoder?.decode(); } catch { throw "text"; }
    await Promise.all(writers.map((writer) => writer.close()));
    const [sha256, other] = await digests;
    const kept = await keeping;
    return JSON.stringify({ sha256: hex(sha256), sha512: other && hex(other), etag: kept?.etag });
  } catch (error) {
    await Promise.allSettled(writers.map((writer) => writer.abort(new Error("not kept"))));
    await Promise.allSettled([keeping, intake.reader?.cancel()]);
    return typeof error === "string" ? error : `broken: ${error?.message ?? error}`;
  }
}

/** Whether something is kept under a key. */
export async function bucket_has(env, key) {
  return (await env.ATTACHMENTS.head(key)) !== null;
}

/** What is kept under a key, as the body of an answer: all of it, or so many bytes from there on. Undefined if nothing is. */
export async function bucket_open(env, key, from, bytes) {
  const kept = await env.ATTACHMENTS.get(key, bytes < 0 ? {} : { range: { offset: from, length: bytes } });
  return kept === null ? undefined : { stream: kept.body };
}

/**
 * Has what is kept under a key scanned by ClamAV's daemon (clamd(8), INSTREAM): pieces with their lengths before them, then one of no
 * length. The SHA-256 of what was sent, a space, and what it said. Undefined if nothing is kept there. Fails if it takes too long.
 */
export async function bucket_scan(env, key, address, millis) {
  const kept = await env.ATTACHMENTS.get(key);
  if (kept === null) return undefined;
  const { connect } = await import("cloudflare:sockets");
  const socket = connect(address);
  socket.closed.catch(() => {});
  const hash = new crypto.DigestStream("SHA-256");
  hash.digest.catch(() => {});
  const said = new Response(socket.readable).text();
  const scan = async () => {
    const [to, hashing] = [socket.writable.getWriter(), hash.getWriter()];
    const length = (bytes) => {
      const four = new Uint8Array(4);
      new DataView(four.buffer).setUint32(0, bytes);
      return four;
    };
    await to.write(new TextEncoder().encode("zINSTREAM\0"));
    for await (const piece of kept.body) {
      await to.write(length(piece.byteLength));
      await Promise.all([to.write(piece), hashing.write(piece)]);
    }
    await to.write(length(0));
    await hashing.close();
    return `${hex(await hash.digest)} ${await said}`;
  };
  try {
    const scanned = await within(millis, scan());
    if (scanned === undefined) throw new Error("the scanner takes too long");
    return scanned;
  } finally {
    said.catch(() => {});
    await socket.close().catch(() => {});
  }
}

/**
 * A small picture of what is kept under a key, which is made once and kept beside it; no bytes if none can be made. Undefined if nothing
 * is kept there.
 */
export async function bucket_thumbnail(env, key) {
  const beside = `${key}/thumbnail`;
  const made = await env.ATTACHMENTS.get(beside);
  if (made !== null) return new Uint8Array(await made.arrayBuffer());
  const kept = await env.ATTACHMENTS.get(key);
  if (kept === null) return undefined;
  const answer = await env.THUMBNAIL.fetch("https://thumbnail/", { method: "POST", body: kept.body });
  if (answer.status !== 200 && answer.status !== 422) throw new Error(`the thumbnail Worker answered ${answer.status}`);
  const small = answer.status === 200 ? new Uint8Array(await answer.arrayBuffer()) : new Uint8Array();
  if (answer.status !== 200) await answer.body?.cancel();
  await env.ATTACHMENTS.put(beside, small);
  // It may have been removed meanwhile.
  if ((await env.ATTACHMENTS.head(key)) === null) await env.ATTACHMENTS.delete(beside);
  return small;
}

/** Sends what is kept under a key to another cell. Its status as text, empty if it does not answer; undefined if nothing is kept there. */
export async function bucket_send(env, key, binding, path, token, millis) {
  const kept = await env.ATTACHMENTS.get(key);
  if (kept === null) return undefined;
  const { readable, writable } = new FixedLengthStream(kept.size);
  const piped = kept.body.pipeTo(writable).catch(() => {});
  const headers = { "authorization": `Bearer ${token}`, "content-type": "application/octet-stream", "content-length": `${kept.size}` };
  const sent = env[binding].fetch(`https://cell${path}`, { method: "POST", headers, body: readable, redirect: "manual" })
    .then(async (answer) => {
      await answer.body?.cancel();
      return answer.headers.has("x-request-id") ? `${answer.status}` : "";
    })
    .catch(() => "");
  const answer = await within(millis, sent, "");
  if (answer !== "") await piped;
  return answer;
}

/** Keeps a text under a key, unless something is kept there: then that, or undefined if it was gone again. */
export async function bucket_claim(env, key, text) {
  const kept = await env.ATTACHMENTS.put(key, text, { onlyIf: { etagDoesNotMatch: "*" } });
  return kept === null ? await bucket_text(env, key) : undefined;
}

/** A key for AES-GCM from 32 bytes. */
function cipher(secret, use) {
  return crypto.subtle.importKey("raw", secret.slice(), "AES-GCM", false, [use]);
}

/** Keeps bytes under a key of the bucket, sealed with a secret and bound to that key (AES-256-GCM, a nonce before it). */
export async function bucket_seal(env, key, secret, bytes) {
  const [iv, plain] = [crypto.getRandomValues(new Uint8Array(12)), bytes.slice()];
  const by = await cipher(secret, "encrypt");
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(key) }, by, plain);
  await env.ATTACHMENTS.put(key, await new Blob([iv, sealed]).arrayBuffer());
}

/** What was sealed so, or undefined if nothing is there that this secret opens. */
export async function bucket_unseal(env, key, secret) {
  const by = await cipher(secret, "decrypt");
  const kept = await env.ATTACHMENTS.get(key);
  if (kept === null) return undefined;
  const bytes = await kept.arrayBuffer();
  try {
    const algorithm = { name: "AES-GCM", iv: bytes.slice(0, 12), additionalData: new TextEncoder().encode(key) };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, by, bytes.slice(12)));
  } catch {
    return undefined;
  }
}

/** The text that is kept under a key, or undefined. */
export async function bucket_text(env, key) {
  return (await (await env.ATTACHMENTS.get(key))?.text()) ?? undefined;
}

/** The first keys that begin so, as a JSON list. */
export async function bucket_keys(env, prefix, limit) {
  const { objects } = await env.ATTACHMENTS.list({ prefix, limit });
  return JSON.stringify(objects.map(({ key }) => key));
}

export async function bucket_delete(env, key) {
  await env.ATTACHMENTS.delete(key);
}

/** Deletes some of what is kept under keys that begin so. True if that was all. */
export async function bucket_purge(env, prefix) {
  const { objects, truncated } = await env.ATTACHMENTS.list({ prefix, limit: 1000 });
  if (objects.length > 0) await env.ATTACHMENTS.delete(objects.map(({ key }) => key));
  return !truncated;
}

/** Has a page (JSON) printed: the bytes of a PDF, or as a JSON text why it cannot be. */
export async function print(env, page) {
  const answer = await env.PRINT.fetch("https://print/", { method: "POST", body: page });
  if (answer.status === 200) return new Uint8Array(await answer.arrayBuffer());
  const said = await answer.text();
  if (answer.status === 422) return said;
  throw new Error(`the print Worker answered ${answer.status}`);
}

/** Sends texts (a JSON list) as messages, which come after so many seconds: at most 100 a call. */
export async function queue_send(env, binding, texts, seconds) {
  const delay = seconds > 0 ? { delaySeconds: seconds } : {};
  await env[binding].sendBatch(JSON.parse(texts).map((body) => ({ body, contentType: "text", ...delay })));
}

/**
 * Sends a body to an address outside, follows no redirect and reads nothing of the answer but its head. Gives two lines: the status and
 * `Retry-After`; or, without an answer, nothing and why: "timeout" or "unreachable".
 */
export async function post(url, headers, body, millis) {
  const request = { method: "POST", headers: {}, body, redirect: "manual", signal: AbortSignal.timeout(millis) };
  for (const line of headers.split("\n")) {
    const colon = line.indexOf(": ");
    request.headers[line.slice(0, colon)] = line.slice(colon + 2);
  }
  try {
    const answer = await fetch(url, request);
    // What is left of it is nobody's concern, nor is it if that cannot be told.
    await answer.body?.cancel().catch(() => {});
    return `${answer.status}\n${answer.headers.get("retry-after") ?? ""}`;
  } catch (error) {
    return `\n${error?.name === "TimeoutError" ? "timeout" : "unreachable"}`;
  }
}

/** Answers after so many milliseconds. */
export function sleep(millis) {
  return new Promise((done) => setTimeout(done, millis));
}

/** A connection to `address`: encrypted from its beginning (`on`), later (`starttls`) or never (`off`). */
export async function line_open(address, secureTransport) {
  const { connect } = await import("cloudflare:sockets");
  return held(connect(address, { secureTransport, allowHalfOpen: false }));
}

function held(socket) {
  socket.closed.catch(() => {});
  return { socket, from: socket.readable.getReader(), to: socket.writable.getWriter() };
}

/** Says something, if there is something to say, and gives what is said next: no bytes if the line has ended. Fails if that takes too long. */
export async function line_say(line, bytes, millis) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error("timeout")), millis); });
  const said = async () => {
    if (bytes.byteLength > 0) await line.to.write(bytes);
    const { value } = await line.from.read();
    return value ?? new Uint8Array();
  };
  // Rust's memory may move while it waits.
  bytes = bytes.slice();
  const saying = said();
  try {
    return await Promise.race([saying, late]);
  } finally {
    clearTimeout(timer);
    saying.catch(() => {});
  }
}

/** The same line, encrypted from here on. */
export function line_secure(line) {
  line.from.releaseLock();
  line.to.releaseLock();
  return held(line.socket.startTls());
}

export async function line_close(line) {
  await line.socket.close().catch(() => {});
}

/** Hands a mail to Cloudflare's binding `MAILER`. */
export async function mail_send(env, from, to, text) {
  const { EmailMessage } = await import("cloudflare:email");
  await env.MAILER.send(new EmailMessage(from, to, text));
}
