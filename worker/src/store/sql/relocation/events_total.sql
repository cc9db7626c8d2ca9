SELECT count(*) AS n FROM events WHERE tenant_id = ?1
