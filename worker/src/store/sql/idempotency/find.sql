SELECT fingerprint, complaint_id, version FROM idempotency WHERE tenant_id = ?1 AND scope = ?2 AND key = ?3
