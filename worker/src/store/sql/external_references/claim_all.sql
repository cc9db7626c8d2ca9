-- Takes what is free or is these complaints' already; fails while the tenant is held.
-- ?2: a JSON list of [external reference, complaint, the request].
INSERT INTO external_references (tenant_id, external_reference, complaint_id, claimed_by, claimed_at)
SELECT ?1, value ->> 0, CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) THEN value ->> 1 END, value ->> 2, ?3
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, external_reference) DO UPDATE
SET claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at
WHERE complaint_id = excluded.complaint_id
