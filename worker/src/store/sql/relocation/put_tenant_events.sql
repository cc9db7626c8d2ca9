-- Fails unless the tenant is expected here by move ?3.
INSERT INTO tenant_events (tenant_id, nr, at, actor, event)
SELECT ?1,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 0 END,
  value ->> 1, value ->> 2, value ->> 3
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
