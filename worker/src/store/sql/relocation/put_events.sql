-- Fails unless the tenant is expected here by move ?3. An event that is here already must have the same position.
INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash, slot, position)
SELECT ?1, value ->> 'complaint_id',
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 'seq' END,
  value ->> 'at', value ->> 'body', value ->> 'hash', value ->> 'slot', value ->> 'position'
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, complaint_id, seq) DO UPDATE SET seq = NULL
WHERE events.tenant_id = ?1 AND events.position IS DISTINCT FROM excluded.position
