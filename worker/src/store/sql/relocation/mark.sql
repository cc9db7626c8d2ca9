-- Moves are named in the order of their beginnings: what comes late of one that has ended here marks nothing.
INSERT INTO tenant_departures (tenant_id, job)
SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM ended_departures WHERE tenant_id = ?1 AND job >= ?2)
ON CONFLICT (tenant_id) DO UPDATE SET job = excluded.job
WHERE tenant_departures.tenant_id = ?1 AND excluded.job > tenant_departures.job
