-- Fails if the record has changed since it was read at fence ?2.
UPDATE relocations
SET doc = CASE WHEN fence = ?2 THEN ?3 END, open = 0, fence = fence + 1, lease_until = 0
WHERE tenant_id = ?1
