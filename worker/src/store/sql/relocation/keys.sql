SELECT id, expires_at, revoked_at, doc, ends_at, replaced_by, last_used_on FROM api_keys WHERE tenant_id = ?1
