SELECT count(*) || '' AS doc FROM teams WHERE tenant_id = ?1 AND deleted = 0
