SELECT doc FROM teams WHERE tenant_id = ?1 AND id = ?2 AND deleted = 0
