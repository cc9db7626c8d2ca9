UPDATE api_keys SET ends_at = ?3, replaced_by = ?4 WHERE tenant_id = ?1 AND id = ?2 AND replaced_by IS NULL
RETURNING id
