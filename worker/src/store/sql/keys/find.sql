SELECT doc, revoked_at FROM api_keys WHERE tenant_id = ?1 AND id = ?2
