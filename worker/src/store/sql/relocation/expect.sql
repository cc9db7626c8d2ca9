INSERT INTO tenant_arrivals (tenant_id, job) VALUES (?1, ?2)
ON CONFLICT (tenant_id) DO UPDATE SET job = excluded.job WHERE tenant_arrivals.tenant_id = ?1
