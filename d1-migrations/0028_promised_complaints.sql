-- What a complaint was to be called by an answer 202, although an earlier request with the same key had logged it already: see
-- docs/decisions/0023. Kept in the database of the tenant's first slot.
CREATE TABLE promised_complaints (
  tenant_id    TEXT NOT NULL,
  -- The id and the reference that were promised.
  id           TEXT NOT NULL,
  reference    TEXT NOT NULL,
  -- The complaint that it is.
  complaint_id TEXT NOT NULL,
  -- 1, 2, 3, …: a move copies in this order.
  nr           INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX promised_complaints_nr ON promised_complaints (tenant_id, nr);
CREATE INDEX promised_complaints_reference ON promised_complaints (tenant_id, reference);

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_promised_complaints BEFORE INSERT ON promised_complaints
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
