-- In the place of an earlier move that is over: fence ?5, or none at all.
INSERT INTO relocations (tenant_id, job, doc, open, fence, lease_until)
SELECT ?1, ?2, ?3, ?4, coalesce(?5, 0) + 1, 0
WHERE ?5 IS NOT DISTINCT FROM (SELECT fence FROM relocations WHERE tenant_id = ?1)
ON CONFLICT (tenant_id) DO UPDATE
SET job = excluded.job, doc = excluded.doc, open = excluded.open, fence = excluded.fence, lease_until = excluded.lease_until
WHERE relocations.tenant_id = ?1
RETURNING fence
