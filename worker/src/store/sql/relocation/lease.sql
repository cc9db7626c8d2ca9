UPDATE relocations SET fence = fence + 1, lease_until = ?3
WHERE tenant_id = ?1 AND open = 1 AND lease_until <= ?2
RETURNING doc, fence
