-- While nothing is under way.
UPDATE bulk_jobs
SET doc = ?4, open = 0, fence = fence + 1, change = (SELECT max(change) + 1 FROM bulk_jobs WHERE tenant_id = ?1)
WHERE tenant_id = ?1 AND id = ?2 AND fence = ?3 AND lease_until <= ?5 AND lost_turns = 0
RETURNING fence
