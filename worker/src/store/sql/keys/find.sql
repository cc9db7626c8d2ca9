SELECT doc, revoked_at, ends_at, replaced_by, last_used_on FROM api_keys WHERE tenant_id = ?1 AND id = ?2
