-- Whoever is sent last has it. Fails unless the tenant is expected here by move ?3.
-- ?2: a JSON list of [external reference, complaint, claimed by].
INSERT INTO external_references (tenant_id, external_reference, complaint_id, claimed_by, claimed_at)
SELECT ?1, value ->> 0,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 1 END,
  value ->> 2, 0
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, external_reference) DO UPDATE
SET complaint_id = excluded.complaint_id, claimed_by = excluded.claimed_by
WHERE external_references.tenant_id = ?1
