-- Fails unless the tenant is expected here by move ?3. What is not selected wholly is selected anew: places are others here.
INSERT INTO bulk_jobs (
  tenant_id, id, nr, change, key, fingerprint, action, filter, named, dry_run, asked_by, asked_at, state, selected, succeeded,
  skipped, failed, started_at, ended_at, failure, through, open, cancelling, due_at
)
SELECT ?1, value ->> 'id', value ->> 'nr',
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 'change' END,
  value ->> 'key', value ->> 'fingerprint', value ->> 'action', value ->> 'filter', value ->> 'named', value ->> 'dry_run',
  value ->> 'asked_by', value ->> 'asked_at', value ->> 'state',
  CASE value ->> 'state' WHEN 'selecting' THEN 0 ELSE value ->> 'selected' END,
  value ->> 'succeeded', value ->> 'skipped', value ->> 'failed', value ->> 'started_at', value ->> 'ended_at', value ->> 'failure',
  value ->> 'through', value ->> 'open', value ->> 'cancelling', 0
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET change = excluded.change, state = excluded.state, ended_at = excluded.ended_at, open = excluded.open, cancelling = excluded.cancelling
WHERE bulk_jobs.tenant_id = ?1
