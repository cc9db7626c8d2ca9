-- Mails that came in: kept in the database of the tenant's first slot. What they say is in the bucket alone. See docs/email.md.
CREATE TABLE inbound_mails (
  tenant_id    TEXT NOT NULL,
  id           TEXT NOT NULL,
  -- 1, 2, 3, … Whoever changes the row takes the next one: a move copies in this order.
  change       INTEGER NOT NULL,
  -- shared::mail::Arrived as JSON: what is needed to read it once more.
  arrived      TEXT NOT NULL,
  -- shared::mail::InboundMail as JSON.
  doc          TEXT NOT NULL,
  -- shared::mail::State.
  state        TEXT NOT NULL,
  -- How often reading it was begun without coming to an end in good order.
  attempts     INTEGER NOT NULL DEFAULT 0,
  -- What it says, and its Message-ID, as SHA-256; NULL until it was read.
  content      TEXT,
  message_id   TEXT,
  complaint_id TEXT,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX inbound_mails_change ON inbound_mails (tenant_id, change);
CREATE INDEX inbound_mails_state ON inbound_mails (tenant_id, state, id);
CREATE INDEX inbound_mails_content ON inbound_mails (tenant_id, content) WHERE content IS NOT NULL;
CREATE INDEX inbound_mails_message ON inbound_mails (tenant_id, message_id) WHERE message_id IS NOT NULL;

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_inbound_mails BEFORE INSERT ON inbound_mails
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_inbound_mails BEFORE UPDATE ON inbound_mails
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
