SELECT doc FROM views WHERE tenant_id = ?1 ORDER BY id
