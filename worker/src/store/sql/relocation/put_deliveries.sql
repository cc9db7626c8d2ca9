-- Fails unless the tenant is expected here by move ?3.
INSERT INTO deliveries (tenant_id, complaint_id, seq, audience, event, status, recorded_at)
SELECT ?1, value ->> 'complaint_id',
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 'seq' END,
  value ->> 'audience', value ->> 'event', value ->> 'status', value ->> 'recorded_at'
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
