-- ?4: a JSON list of [complaint, outcome]; nothing happens unless job ?2 has the fence ?3. While the tenant leaves, only
-- rows of a job that nobody has driven yet (fence 1) are written.
INSERT INTO bulk_rows (tenant_id, nr, complaint_id, outcome)
SELECT ?1, (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2), value ->> 0, value ->> 1
FROM json_each(?4)
WHERE ?3 = (SELECT fence FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2)
  AND (?3 = 1 OR NOT EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1))
ON CONFLICT (tenant_id, nr, complaint_id) DO UPDATE SET outcome = excluded.outcome
