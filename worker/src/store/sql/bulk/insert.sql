-- Unless the tenant has as many open jobs as it may, which is ?8.
INSERT INTO bulk_jobs (tenant_id, id, nr, change, key, fingerprint, doc, progress, open, fence, lease_until, due_at)
SELECT ?1, ?2,
  coalesce((SELECT max(nr) FROM bulk_jobs WHERE tenant_id = ?1), 0) + 1,
  coalesce((SELECT max(change) FROM bulk_jobs WHERE tenant_id = ?1), 0) + 1,
  ?3, ?4, ?5, ?6, 1, 1, 0, ?7
WHERE (SELECT count(*) FROM bulk_jobs WHERE tenant_id = ?1 AND open = 1) < ?8
RETURNING id
