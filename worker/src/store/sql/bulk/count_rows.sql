SELECT count(*) AS n
FROM bulk_rows
WHERE tenant_id = ?1 AND nr = (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2)
