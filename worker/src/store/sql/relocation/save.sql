UPDATE relocations SET doc = ?3, open = ?4, lease_until = ?5
WHERE tenant_id = ?1 AND fence = ?2
RETURNING fence
