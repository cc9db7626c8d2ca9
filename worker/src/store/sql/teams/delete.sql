UPDATE teams SET deleted = 1, change = (SELECT coalesce(max(change), 0) + 1 FROM teams WHERE tenant_id = ?1)
WHERE tenant_id = ?1 AND id = ?2 AND deleted = 0
RETURNING '' AS doc
