-- Fails unless the tenant is expected here by move ?3. What changes once more comes once more.
INSERT INTO sign_in (tenant_id, change, version, doc, secret)
SELECT ?1,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 0 END,
  value ->> 1, value ->> 2, value ->> 3
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id) DO UPDATE
SET change = excluded.change, version = excluded.version, doc = excluded.doc, secret = excluded.secret
WHERE sign_in.tenant_id = ?1
