-- Stops whoever drives it.
UPDATE relocations SET doc = ?3, open = ?4, fence = fence + 1, lease_until = 0
WHERE tenant_id = ?1 AND fence = ?2
RETURNING fence
