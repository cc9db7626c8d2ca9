-- What must leave, written with what it tells of. The consumer of the queue takes a row away once it has
-- recorded what is to be delivered; cron sends again what stays. Ids are UUIDv7, so key order is time order.
CREATE TABLE outbox (
  id        TEXT NOT NULL PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  -- shared::notify::OutboxMessage as JSON.
  message   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is to be told of which event. Delivery itself builds on these rows.
CREATE TABLE deliveries (
  tenant_id    TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  audience     TEXT NOT NULL,
  event        TEXT NOT NULL,
  status       TEXT NOT NULL,
  recorded_at  INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, complaint_id, seq, audience)
) STRICT, WITHOUT ROWID;

-- Messages that failed all retries.
CREATE TABLE dead_letters (
  id          TEXT NOT NULL PRIMARY KEY,
  -- The message as it arrived: ids only, or whatever a broken sender sent.
  message     TEXT NOT NULL,
  arrived_at  INTEGER NOT NULL,
  replayed_at INTEGER
) STRICT, WITHOUT ROWID;
