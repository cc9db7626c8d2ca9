-- The change feed: see shared/src/changes.rs.

-- The place of an event among all events of its slot, in the order of commits: 1, 2, 3, …
ALTER TABLE events ADD COLUMN slot INTEGER;
ALTER TABLE events ADD COLUMN position INTEGER;

-- A slot is the lowest five bits of a complaint's id (shared/src/ids.rs), so of its last two digits.
UPDATE events SET slot = numbered.slot, position = numbered.position
FROM (
  SELECT place, slot, row_number() OVER (PARTITION BY tenant_id, slot ORDER BY place) AS position
  FROM (
    SELECT rowid AS place, tenant_id,
      ((instr('123456789abcdef', substr(complaint_id, -2, 1)) * 16) | instr('123456789abcdef', substr(complaint_id, -1))) & 31 AS slot
    FROM events
  )
) AS numbered
WHERE events.rowid = numbered.place;

CREATE UNIQUE INDEX events_in_order ON events (tenant_id, slot, position);
DROP INDEX events_of_tenant;

-- A Worker of the version before, which may still run, does not number what it writes.
CREATE TRIGGER number_event AFTER INSERT ON events WHEN NEW.position IS NULL
BEGIN
  UPDATE events
  SET slot = ((instr('123456789abcdef', substr(NEW.complaint_id, -2, 1)) * 16) | instr('123456789abcdef', substr(NEW.complaint_id, -1))) & 31
  WHERE tenant_id = NEW.tenant_id AND complaint_id = NEW.complaint_id AND seq = NEW.seq;
  UPDATE events
  SET position = 1 + coalesce((
    SELECT max(e.position) FROM events e WHERE e.tenant_id = NEW.tenant_id AND e.slot = events.slot
  ), 0)
  WHERE tenant_id = NEW.tenant_id AND complaint_id = NEW.complaint_id AND seq = NEW.seq;
END;

-- The order over all slots: which numbers of the feed the events of a slot from one position to another have. Rows are
-- only added, but for the last, which may grow. Kept in the database of the tenant's first slot.
CREATE TABLE change_ranges (
  tenant_id      TEXT NOT NULL,
  first_number   INTEGER NOT NULL,
  slot           INTEGER NOT NULL,
  first_position INTEGER NOT NULL,
  last_position  INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, first_number)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_ranges_of_slot ON change_ranges (tenant_id, slot, first_position);
