UPDATE views SET owner = ?3, name = ?4, updated_at = ?5, fields = ?6, version = ?7
WHERE tenant_id = ?1 AND id = ?2 AND version = ?7 - 1
RETURNING '' AS text
