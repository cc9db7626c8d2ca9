#!/usr/bin/env python3
"""Verifies a webhook of Redress (Standard Webhooks) with its secret. Python 3.9 or later, nothing to install. See docs/webhooks.md."""

import base64
import hashlib
import hmac
import json
import os
import time

# How old a message may be, in seconds.
TOLERANCE = 300


def verify(headers, body, secret, now=None):
    """Whether `body`, the bytes as they came, is from Redress. `headers` has names in lower case; `secret` is whsec_…"""
    timestamp = headers["webhook-timestamp"]
    if abs((now or time.time()) - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(one, expected) for one in headers["webhook-signature"].split(" "))


if __name__ == "__main__":
    environ = os.environ
    headers, body = json.loads(environ["WEBHOOK_HEADERS"]), environ["WEBHOOK_BODY"].encode()
    print(str(verify(headers, body, environ["WEBHOOK_KEY"])).lower())
