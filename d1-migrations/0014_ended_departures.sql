-- A mark that comes late, when its move has ended here, must mark nothing: bulk jobs would wait for ever, and a hold that
-- comes later still would stay. So a mark names its move, and the newest move that has ended is kept.
ALTER TABLE tenant_departures ADD COLUMN job TEXT NOT NULL DEFAULT '';
CREATE TABLE ended_departures (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  job       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
