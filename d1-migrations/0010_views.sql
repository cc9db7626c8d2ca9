-- Saved views, and how many complaints each shows: see shared/src/search/counter.rs.

-- The views of tenants and the requests that made them, kept in shard 0 with the tenants' records.
CREATE TABLE views (
  tenant_id  TEXT NOT NULL,
  id         TEXT NOT NULL,
  owner      TEXT NOT NULL,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- shared::view::ViewFields as JSON.
  fields     TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX views_name ON views (tenant_id, owner, name);

CREATE TABLE view_requests (
  tenant_id   TEXT NOT NULL,
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  -- The view as it was made: shared::view::View as text.
  view        TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX view_requests_in_order ON view_requests (tenant_id, created_at);

CREATE TRIGGER held_new_views BEFORE INSERT ON views
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_views BEFORE UPDATE ON views
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;

-- The filters whose complaints of this database are counted. Nothing is lost with a row: it is made again when asked for.
CREATE TABLE counters (
  tenant_id     TEXT NOT NULL,
  -- shared::search::counter::Counter: the name follows from what is counted.
  name          TEXT NOT NULL,
  -- A complaint that is counted has all of these labels, a JSON list, of which the anchor is one.
  anchor        TEXT NOT NULL,
  tokens        TEXT NOT NULL,
  received_from INTEGER NOT NULL,
  received_to   INTEGER NOT NULL,
  -- Complaints at this place and at higher ones are counted, in this row or in `counter_changes`. Older ones are counted
  -- in the background, some at a time: the lowest number that there is means all.
  counted_from  INTEGER NOT NULL,
  n             INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, anchor, name)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX counters_by_name ON counters (tenant_id, name);

-- By how much each of a tenant's counters has changed since: JSON, {"name": n}. In one row, so that a commit writes one
-- row for all views, however many of them it changes.
CREATE TABLE counter_changes (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  changes   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER forget_counter AFTER DELETE ON counters
BEGIN
  UPDATE counter_changes SET changes = json_remove(changes, '$.' || OLD.name) WHERE tenant_id = OLD.tenant_id;
END;

-- What a complaint was and what it is now, as counters see it; labels are NULL where it was or is not there.
CREATE VIEW counted_complaints AS
SELECT '' AS tenant_id, 0 AS old_place, 0 AS old_received_at, '' AS old_labels, 0 AS place, 0 AS received_at, '' AS labels;

-- A counter is looked up by its anchor among the complaint's labels, so those of other complaints cost nothing.
CREATE TRIGGER count_complaint INSTEAD OF INSERT ON counted_complaints
WHEN EXISTS (SELECT 1 FROM counters WHERE tenant_id = NEW.tenant_id)
BEGIN
  INSERT INTO counter_changes (tenant_id, changes)
  SELECT NEW.tenant_id, json_group_object(name, n)
  FROM (
    SELECT counter.name AS name,
      sum(DISTINCT side.sign) + coalesce((SELECT changes ->> counter.name FROM counter_changes WHERE tenant_id = NEW.tenant_id), 0) AS n
    FROM (
      SELECT 1 AS sign, NEW.place AS place, NEW.received_at AS received_at, NEW.labels AS labels
      UNION ALL
      SELECT -1, NEW.old_place, NEW.old_received_at, NEW.old_labels
    ) AS side
    CROSS JOIN json_each('["' || replace(side.labels, ' ', '","') || '"]') AS label
    CROSS JOIN counters AS counter
    WHERE counter.tenant_id = NEW.tenant_id AND counter.anchor = label.value
      AND side.place >= counter.counted_from
      AND side.received_at >= counter.received_from AND side.received_at < counter.received_to
      AND NOT EXISTS (
        SELECT 1 FROM json_each(counter.tokens) AS token WHERE instr(' ' || side.labels || ' ', ' ' || token.value || ' ') = 0
      )
    GROUP BY counter.name
    HAVING sum(DISTINCT side.sign) <> 0
  )
  WHERE true
  HAVING count(*) > 0
  ON CONFLICT (tenant_id) DO UPDATE SET changes = json_patch(changes, excluded.changes);
END;

CREATE TRIGGER count_new_complaint AFTER INSERT ON complaints
WHEN NEW.labels IS NOT NULL
BEGIN
  INSERT INTO counted_complaints (tenant_id, place, received_at, labels)
  VALUES (NEW.tenant_id, NEW.place, NEW.received_at, NEW.labels);
END;
CREATE TRIGGER count_changed_complaint AFTER UPDATE OF place, received_at, labels ON complaints
WHEN (OLD.place, OLD.received_at, OLD.labels) IS NOT (NEW.place, NEW.received_at, NEW.labels)
BEGIN
  INSERT INTO counted_complaints (tenant_id, old_place, old_received_at, old_labels, place, received_at, labels)
  VALUES (NEW.tenant_id, OLD.place, OLD.received_at, OLD.labels, NEW.place, NEW.received_at, NEW.labels);
END;
CREATE TRIGGER count_forgotten_complaint AFTER DELETE ON complaints
WHEN OLD.labels IS NOT NULL
BEGIN
  INSERT INTO counted_complaints (tenant_id, old_place, old_received_at, old_labels)
  VALUES (OLD.tenant_id, OLD.place, OLD.received_at, OLD.labels);
END;
