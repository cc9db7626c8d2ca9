-- Fails unless the tenant is expected here by move ?3.
INSERT INTO idempotency (tenant_id, scope, key, fingerprint, complaint_id, version, created_at)
SELECT ?1, value ->> 'scope', value ->> 'key', value ->> 'fingerprint', value ->> 'complaint_id',
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 'version' END,
  value ->> 'created_at'
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
