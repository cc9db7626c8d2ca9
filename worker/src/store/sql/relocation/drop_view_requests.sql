DELETE FROM view_requests WHERE tenant_id = ?1
