-- A newer move takes the place of an older one, and never the reverse.
INSERT INTO tenant_arrivals (tenant_id, job) VALUES (?1, ?2)
ON CONFLICT (tenant_id) DO UPDATE SET job = excluded.job
WHERE tenant_arrivals.tenant_id = ?1 AND excluded.job > tenant_arrivals.job
