DELETE FROM barred WHERE tenant_id = ?1 AND until <= ?2
