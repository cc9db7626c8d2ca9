SELECT fingerprint, complaint_id, version FROM idempotency WHERE tenant_id = ?1 AND key = ?2
