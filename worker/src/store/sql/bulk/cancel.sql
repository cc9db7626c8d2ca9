-- At once if nothing is under way at ?3. Else whoever drives it sees it when that is done; so does the next if a turn was
-- lost, for what that has done and not written down is to be found first.
UPDATE bulk_jobs
SET cancelling = 1,
  change = (SELECT max(change) + 1 FROM bulk_jobs WHERE tenant_id = ?1),
  open = CASE WHEN lease_until <= CAST(?3 AS INTEGER) AND lost_turns = 0 THEN 0 ELSE 1 END,
  state = CASE WHEN lease_until <= CAST(?3 AS INTEGER) AND lost_turns = 0 THEN 'cancelled' ELSE state END,
  ended_at = CASE WHEN lease_until <= CAST(?3 AS INTEGER) AND lost_turns = 0 THEN ?4 END
WHERE tenant_id = ?1 AND id = ?2 AND open = 1
RETURNING id AS doc
