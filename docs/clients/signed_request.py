#!/usr/bin/env python3
"""Signs a request to Redress (RFC 9421, RFC 9530) and sends it. Python 3.8 or later.

hmac-sha256 needs the standard library only; ed25519 needs the package `cryptography`.
See docs/request-signing.md.
"""

import argparse
import base64
import hashlib
import hmac
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
import uuid

COMPLAINT = '{"complainant":{"name":"Ada Winter"},"channel":"web","description":"A fee was charged twice."}'


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signer(key):
    """The function that signs bytes. The key is rdr_sign_…, a PKCS #8 PEM, or an Ed25519 seed in base64url."""
    if key.startswith("rdr_sign_"):
        secret = from_base64url(key[len("rdr_sign_"):])
        return lambda base: hmac.new(secret, base, hashlib.sha256).digest()
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        sys.exit("ed25519 keys need the package `cryptography`: pip install cryptography")
    if key.startswith("-----BEGIN"):
        return load_pem_private_key(key.encode(), password=None).sign
    return Ed25519PrivateKey.from_private_bytes(from_base64url(key)).sign


def sign(method, url, headers, body, key, key_id, created, nonce):
    """Adds Content-Digest, Signature-Input and Signature to `headers`. Whatever is in `headers` is covered."""
    if body or method in ("POST", "PUT", "PATCH"):
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {**headers, "Content-Digest": f"sha-256=:{digest}:"}
    values = {"@method": method, "@target-uri": url}
    values.update((name.lower(), value.strip()) for name, value in headers.items())
    covered = " ".join(f'"{name}"' for name in values)
    params = f'({covered});created={created};expires={created + 300};nonce="{nonce}";keyid="{key_id}"'
    lines = [f'"{name}": {value}' for name, value in values.items()]
    base = "\n".join([*lines, f'"@signature-params": {params}'])
    signature = base64.b64encode(signer(key)(base.encode("ascii"))).decode()
    return {**headers, "Signature-Input": f"sig1={params}", "Signature": f"sig1=:{signature}:"}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--method", default="POST")
    options.add_argument("--url", help="default: $REDRESS_URL/v1/complaints")
    options.add_argument("--body", help="default: an example complaint")
    options.add_argument("--idempotency-key", help="default: a new one for every POST; repeat it when you retry")
    options.add_argument("--if-match", help="the ETag that a change is based on")
    options.add_argument("--created", type=int, default=int(time.time()))
    options.add_argument("--nonce", default=secrets.token_urlsafe(18))
    options.add_argument("--print", action="store_true", help="print the headers instead of sending the request")
    o = options.parse_args()

    url = o.url or os.environ["REDRESS_URL"].rstrip("/") + "/v1/complaints"
    body = (o.body if o.body is not None else COMPLAINT if o.method == "POST" else "").encode()
    headers = {}
    if body:
        headers["Content-Type"] = "application/json"
    if o.method == "POST" or o.idempotency_key:
        headers["Idempotency-Key"] = o.idempotency_key or f'"{uuid.uuid4()}"'
    if o.if_match:
        headers["If-Match"] = o.if_match
    key = os.environ["REDRESS_SIGNING_KEY"].strip()
    headers = sign(o.method, url, headers, body, key, os.environ["REDRESS_KEY_ID"], o.created, o.nonce)
    if o.print:
        for name, value in headers.items():
            print(f"{name}: {value}")
        return

    headers["Authorization"] = f"Bearer {os.environ['REDRESS_KEY']}"
    request = urllib.request.Request(url, data=body or None, headers=headers, method=o.method)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as problem:
        answer = problem
    print(answer.status)
    print(answer.read().decode())
    if answer.status >= 400:
        sys.exit(1)


if __name__ == "__main__":
    main()
