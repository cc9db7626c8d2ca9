SELECT doc, fingerprint FROM bulk_jobs WHERE tenant_id = ?1 AND key = ?2
