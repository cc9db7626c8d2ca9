DELETE FROM views WHERE tenant_id = ?1
