-- Unless the request asked before, or the tenant has as many open jobs as it may, which is ?8. ?5: the request's body.
INSERT INTO bulk_jobs (tenant_id, id, nr, change, key, fingerprint, action, filter, named, selected, dry_run, asked_by, asked_at, due_at)
SELECT ?1, ?2,
  coalesce((SELECT max(nr) FROM bulk_jobs WHERE tenant_id = ?1), 0) + 1,
  coalesce((SELECT max(change) FROM bulk_jobs WHERE tenant_id = ?1), 0) + 1,
  ?3, ?4, ?5 -> '$.action', ?5 ->> '$.over.filter',
  (SELECT count(DISTINCT value) FROM json_each(?5, '$.over.complaints')),
  (SELECT count(DISTINCT value) FROM json_each(?5, '$.over.complaints')),
  coalesce(?5 ->> '$.dry_run', 0), ?6, ?7, ?9
WHERE (SELECT count(*) FROM bulk_jobs WHERE tenant_id = ?1 AND open = 1) < CAST(?8 AS INTEGER)
ON CONFLICT (tenant_id, key) DO NOTHING
RETURNING id AS doc
