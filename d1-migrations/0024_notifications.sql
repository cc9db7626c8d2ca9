-- Notifications: kept in the database of the tenant's first slot. See shared/src/notification/.

-- What was set: by the firm (`rules`), and by whoever does not want to hear of a complaint's progress (its id).
CREATE TABLE notification_settings (
  tenant_id TEXT NOT NULL,
  subject   TEXT NOT NULL,
  version   INTEGER NOT NULL,
  -- shared::notification::settings::Settings, or shared::notification::opt_out::OptOut, as JSON.
  doc       TEXT NOT NULL,
  -- 1, 2, 3, … Whoever changes the row takes the next one: a move copies in this order.
  change    INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, subject)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX notification_settings_change ON notification_settings (tenant_id, change);

CREATE TABLE notifications (
  tenant_id    TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  -- Of the event.
  seq          INTEGER NOT NULL,
  -- The id of the rule by which somebody is told.
  rule         TEXT NOT NULL,
  event        TEXT NOT NULL,
  channel      TEXT NOT NULL,
  audience     TEXT NOT NULL,
  -- When what it tells of happened.
  at           INTEGER NOT NULL,
  -- shared::notification::Status.
  status       TEXT NOT NULL,
  -- shared::notification::Reason: why it is as it is; empty if there is nothing to say.
  reason       TEXT NOT NULL DEFAULT '',
  -- When it is to be sent, or seen to again should whoever is at it be lost; NULL if it is not.
  next_at      INTEGER,
  -- Attempts that have failed since it was last to be sent anew.
  failed       INTEGER NOT NULL DEFAULT 0,
  -- A JSON list of shared::notification::Attempt: the last ones.
  attempts     TEXT NOT NULL DEFAULT '[]',
  -- The idempotency key of the request that last had it sent again.
  request      TEXT NOT NULL DEFAULT '',
  -- Whoever changes the row, but for when it is seen to, gives it the next number: a move copies in this order.
  change       INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, complaint_id, seq, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_log ON notifications (tenant_id, at, complaint_id, seq, rule);
CREATE INDEX notifications_status ON notifications (tenant_id, status, at, complaint_id, seq, rule);
CREATE INDEX notifications_change ON notifications (tenant_id, change, complaint_id, seq, rule);
CREATE INDEX notifications_due ON notifications (next_at) WHERE next_at IS NOT NULL;

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_notification_settings BEFORE INSERT ON notification_settings
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_notification_settings BEFORE UPDATE ON notification_settings
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_notifications BEFORE INSERT ON notifications
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_notifications BEFORE UPDATE ON notifications
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
