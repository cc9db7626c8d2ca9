-- Fails unless the tenant is expected here by move ?3. What changes once more comes once more.
INSERT INTO webhook_endpoints (tenant_id, id, change, key, fingerprint, version, doc, health, requests, deleted_at, due_at)
SELECT ?1, value ->> 0,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 1 END,
  value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET change = excluded.change, version = excluded.version, doc = excluded.doc, health = excluded.health, requests = excluded.requests,
  deleted_at = excluded.deleted_at
WHERE webhook_endpoints.tenant_id = ?1
