-- Fails unless the tenant is expected here by move ?3. Who changes once more comes once more.
INSERT INTO people (tenant_id, id, change, version, user_name, email, external_id, active, admin, doc)
SELECT ?1, value ->> 0,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 1 END,
  value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET change = excluded.change, version = excluded.version, user_name = excluded.user_name, email = excluded.email,
  external_id = excluded.external_id, active = excluded.active, admin = excluded.admin, doc = excluded.doc
WHERE people.tenant_id = ?1
