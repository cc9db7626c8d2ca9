UPDATE api_keys SET last_used_on = ?3
WHERE tenant_id = ?1 AND id = ?2 AND (last_used_on IS NULL OR last_used_on < ?3)
