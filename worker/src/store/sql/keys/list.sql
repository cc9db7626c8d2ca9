SELECT doc, revoked_at FROM api_keys WHERE tenant_id = ?1 ORDER BY id DESC LIMIT ?2
