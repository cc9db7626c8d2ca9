-- ?1: a JSON list of now, when their turns are taken for lost again, and the shard. Jobs whose turn was lost, of tenants that are not on the move. Each gets another, by a fence of its own:
-- shared::bulk::Turn as it is sent.
UPDATE bulk_jobs SET fence = fence + 1, due_at = ?1 ->> 1
WHERE rowid IN (
  SELECT j.rowid FROM bulk_jobs j
  WHERE j.open = 1 AND j.lease_until <= ?1 ->> 0 AND j.due_at <= ?1 ->> 0
    AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = j.tenant_id)
    AND NOT EXISTS (SELECT 1 FROM tenant_departures d WHERE d.tenant_id = j.tenant_id)
    AND NOT EXISTS (SELECT 1 FROM tenant_arrivals a WHERE a.tenant_id = j.tenant_id)
  LIMIT ?2
)
RETURNING 'bulk/1 ' || tenant_id || ' ' || id || ' ' || (?1 ->> 2) || ' ' || fence AS doc
