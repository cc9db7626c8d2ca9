-- The turn of job ?2 that was announced with fence ?3, from ?4 to ?5, unless the job is over or the tenant is on the move.
-- ?6: ?4 as text. It gives what its driver has to know, a line each; of somebody of the staff who has asked also roles and clearances, as they are now.
UPDATE bulk_jobs
SET fence = fence + 1, lease_until = ?5, lost_turns = lost_turns + 1, started_at = coalesce(started_at, ?6),
  state = CASE WHEN state <> 'queued' THEN state WHEN filter IS NULL THEN 'running' ELSE 'selecting' END
WHERE tenant_id = ?1 AND id = ?2 AND fence = CAST(?3 AS INTEGER) AND open = 1 AND lease_until <= CAST(?4 AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)
  AND NOT EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1)
RETURNING fence || char(10) || lost_turns || char(10) || cancelling || char(10) || dry_run || char(10) || state || char(10)
  || asked_at || char(10) || (asked_by ->> 'id') || char(10)
  || CASE asked_by ->> 'kind' WHEN 'staff' THEN coalesce((SELECT json_array(doc -> '$.roles', json(coalesce(doc -> '$.clearances', '[]')))
       FROM people WHERE tenant_id = ?1 AND id = asked_by ->> 'id' AND active = 1), '[[],[]]') ELSE '' END || char(10) || selected || char(10) || selecting_shard || char(10)
  || selecting_below || char(10) || through || char(10) || coalesce(filter, '') || char(10) || action AS doc
