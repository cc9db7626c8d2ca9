-- The turn of job ?2 that was announced with fence ?3, unless it is over or the tenant is on the move.
UPDATE bulk_jobs SET fence = fence + 1, lease_until = ?5, lost_turns = lost_turns + 1
WHERE tenant_id = ?1 AND id = ?2 AND fence = ?3 AND open = 1 AND lease_until <= ?4
  AND NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)
  AND NOT EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1)
RETURNING doc, progress, fence, cancelling, lost_turns
