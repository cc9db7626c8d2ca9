DELETE FROM tenant_arrivals WHERE tenant_id = ?1
