SELECT doc FROM teams WHERE tenant_id = ?1 AND external_id = ?2 AND deleted = 0
