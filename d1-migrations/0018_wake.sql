-- From when on time alone has brought something about that is to be recorded (shared::clock::passing), in the world's time.
ALTER TABLE complaints ADD COLUMN wake_at INTEGER;
CREATE INDEX complaints_wake ON complaints (wake_at) WHERE wake_at IS NOT NULL;
-- Tenants whose complaints' clocks are to be looked at anew, as their settings have changed: from `from_at` on, those behind `after`.
CREATE TABLE clock_reviews (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  from_at   INTEGER NOT NULL,
  after     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX clock_reviews_from ON clock_reviews (from_at);
-- When those that are there are to be looked at, cron works out, some at a time.
INSERT INTO clock_reviews (tenant_id, from_at, after) SELECT DISTINCT tenant_id, 0, '' FROM complaint_counts;
