DELETE FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?2
