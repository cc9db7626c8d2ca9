-- Webhooks: kept in the database of the tenant's first slot. See shared/src/webhook/.

CREATE TABLE webhook_endpoints (
  tenant_id   TEXT NOT NULL,
  id          TEXT NOT NULL,
  -- 1, 2, 3, … Whoever changes the row, but for when it is next seen to, takes the next one: a move copies in this order.
  change      INTEGER NOT NULL,
  -- The request that made it.
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  version     INTEGER NOT NULL,
  -- shared::webhook::endpoint::Endpoint as JSON.
  doc         TEXT NOT NULL,
  -- shared::webhook::endpoint::Health as JSON.
  health      TEXT NOT NULL DEFAULT '{}',
  -- The requests that last changed it or had messages sent, with what they came to: a JSON list of [key, fingerprint, answer].
  requests    TEXT NOT NULL DEFAULT '[]',
  -- A row of something that is removed stays for as long as its messages do, so that a move copies that, too.
  deleted_at  INTEGER,
  -- When the first of its messages is to be sent; NULL if none is.
  due_at      INTEGER,
  -- Until then somebody is at work on it, or it is left alone because it fails.
  not_before  INTEGER NOT NULL DEFAULT 0,
  wake_at     INTEGER AS (max(due_at, not_before)) VIRTUAL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhook_endpoints_key ON webhook_endpoints (tenant_id, key);
CREATE UNIQUE INDEX webhook_endpoints_change ON webhook_endpoints (tenant_id, change);
CREATE INDEX webhook_endpoints_wake ON webhook_endpoints (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX webhook_endpoints_deleted ON webhook_endpoints (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE webhook_messages (
  tenant_id   TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  -- A complaint, or `test:` and what tells one test from another.
  subject     TEXT NOT NULL,
  -- Of the event; 0 for a test.
  seq         INTEGER NOT NULL,
  event       TEXT NOT NULL,
  -- When what it tells of happened.
  at          INTEGER NOT NULL,
  -- shared::webhook::message::State.
  state       TEXT NOT NULL,
  -- When it is to be sent; NULL if it is not.
  next_at     INTEGER,
  -- Attempts that have failed since it was last to be sent anew.
  failed      INTEGER NOT NULL DEFAULT 0,
  -- A JSON list of shared::webhook::attempt::Attempt: the last ones.
  attempts    TEXT NOT NULL DEFAULT '[]',
  -- Whoever changes rows gives them the next number: a move copies in this order.
  change      INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, endpoint_id, subject, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_messages_log ON webhook_messages (tenant_id, endpoint_id, at, subject, seq);
CREATE INDEX webhook_messages_due ON webhook_messages (tenant_id, endpoint_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_messages_change ON webhook_messages (tenant_id, change, endpoint_id, subject, seq);
CREATE INDEX webhook_messages_at ON webhook_messages (at);

-- Whoever wants a message sent wants its endpoint seen to.
CREATE TRIGGER webhook_message_is_new AFTER INSERT ON webhook_messages
WHEN NEW.next_at IS NOT NULL
BEGIN
  UPDATE webhook_endpoints SET due_at = NEW.next_at
  WHERE tenant_id = NEW.tenant_id AND id = NEW.endpoint_id AND (due_at IS NULL OR due_at > NEW.next_at);
END;
CREATE TRIGGER webhook_message_is_due AFTER UPDATE OF next_at ON webhook_messages
WHEN NEW.next_at IS NOT NULL
BEGIN
  UPDATE webhook_endpoints SET due_at = NEW.next_at
  WHERE tenant_id = NEW.tenant_id AND id = NEW.endpoint_id AND (due_at IS NULL OR due_at > NEW.next_at);
END;

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_webhook_endpoints BEFORE INSERT ON webhook_endpoints
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_webhook_endpoints BEFORE UPDATE ON webhook_endpoints
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_webhook_messages BEFORE INSERT ON webhook_messages
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_webhook_messages BEFORE UPDATE ON webhook_messages
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
