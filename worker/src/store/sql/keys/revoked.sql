SELECT id FROM api_keys WHERE tenant_id = ?1 AND revoked_at IS NOT NULL AND expires_at > ?2
