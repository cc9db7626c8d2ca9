SELECT doc FROM views WHERE tenant_id = ?1 AND id = ?2
