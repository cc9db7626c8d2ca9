-- Nothing happens if another drives it by now, or the tenant leaves: the turn is taken again where it goes.
-- ?4: a JSON list of the state; how many more have succeeded, were skipped, have failed; how many are selected; where
-- selecting goes on; up to where all is done; why it failed. Once all are selected they are counted.
UPDATE bulk_jobs
SET state = ?4 ->> 0, succeeded = succeeded + (?4 ->> 1), skipped = skipped + (?4 ->> 2), failed = failed + (?4 ->> 3),
  selected = CASE
    WHEN state = 'selecting' AND ?4 ->> 0 = 'running' THEN (
      SELECT count(*) FROM bulk_rows r WHERE r.tenant_id = ?1 AND r.nr = bulk_jobs.nr
    )
    ELSE ?4 ->> 4
  END,
  selecting_shard = ?4 ->> 5, selecting_below = ?4 ->> 6, through = ?4 ->> 7, failure = nullif(?4 -> 8, 'null'),
  open = ?4 ->> 0 IN ('selecting', 'running'),
  ended_at = CASE WHEN ?4 ->> 0 IN ('selecting', 'running') THEN NULL ELSE ?5 END,
  lease_until = ?6, due_at = ?7, lost_turns = 0
WHERE tenant_id = ?1 AND id = ?2 AND fence = CAST(?3 AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1)
RETURNING cancelling || '' AS doc
