-- The complaints that the body ?3 of a request names, if job ?2 was written for it.
INSERT INTO bulk_rows (tenant_id, nr, complaint_id)
SELECT ?1, (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2), value
FROM json_each(?3, '$.over.complaints')
WHERE (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2) IS NOT NULL
ON CONFLICT (tenant_id, nr, complaint_id) DO NOTHING
