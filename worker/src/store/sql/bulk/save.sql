-- Nothing happens if another drives it by now, or the tenant leaves: the turn is taken again where it goes.
UPDATE bulk_jobs SET doc = ?4, progress = ?5, open = ?6, lease_until = ?7, due_at = ?8, lost_turns = 0
WHERE tenant_id = ?1 AND id = ?2 AND fence = ?3
  AND NOT EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1)
RETURNING cancelling
