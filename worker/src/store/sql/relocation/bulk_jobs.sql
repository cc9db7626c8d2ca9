-- Jobs in the order of their changes by others than their drivers, after change ?2. Nobody drives one while the tenant leaves.
SELECT id, nr, change, key, fingerprint, doc, progress, open, cancelling
FROM bulk_jobs
WHERE tenant_id = ?1 AND change > ?2
ORDER BY change
LIMIT ?3
