-- ?4: a JSON list of [complaint], or of [complaint, outcome] once there is one. As in save.sql, whom this goes along with.
INSERT INTO bulk_rows (tenant_id, nr, complaint_id, outcome)
SELECT ?1, (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2), value ->> 0, value -> 1
FROM json_each(?4)
WHERE (SELECT fence FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2) = CAST(?3 AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1)
ON CONFLICT (tenant_id, nr, complaint_id) DO UPDATE SET outcome = excluded.outcome
