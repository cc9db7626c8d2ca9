-- Fails unless the tenant is expected here by move ?3. What was selected so far is selected anew: places are others here.
INSERT INTO bulk_jobs (tenant_id, id, nr, change, key, fingerprint, doc, progress, open, cancelling, fence, lease_until, due_at)
SELECT ?1, value ->> 'id', value ->> 'nr',
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 'change' END,
  value ->> 'key', value ->> 'fingerprint', value ->> 'doc', json_remove(value ->> 'progress', '$.selecting'),
  value ->> 'open', value ->> 'cancelling', 1, 0, 0
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET change = excluded.change, doc = excluded.doc, open = excluded.open, cancelling = excluded.cancelling
WHERE bulk_jobs.tenant_id = ?1
