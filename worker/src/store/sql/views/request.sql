SELECT fingerprint, doc FROM view_requests WHERE tenant_id = ?1 AND key = ?2
