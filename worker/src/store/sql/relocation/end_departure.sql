INSERT INTO ended_departures (tenant_id, job) VALUES (?1, ?2)
ON CONFLICT (tenant_id) DO UPDATE SET job = excluded.job
WHERE ended_departures.tenant_id = ?1 AND excluded.job > ended_departures.job
