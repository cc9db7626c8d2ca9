-- Fails unless the tenant is expected here by move ?3. What changes once more comes once more.
INSERT INTO teams (tenant_id, id, change, version, name, external_id, doc, deleted)
SELECT ?1, value ->> 0,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 1 END,
  value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET change = excluded.change, version = excluded.version, name = excluded.name, external_id = excluded.external_id,
  doc = excluded.doc, deleted = excluded.deleted
WHERE teams.tenant_id = ?1
