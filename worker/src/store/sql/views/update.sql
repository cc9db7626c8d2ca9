UPDATE views SET owner = ?4 ->> 'owner', name = ?4 ->> 'name', updated_at = ?3, fields = ?4, version = version + 1
WHERE tenant_id = ?1 AND id = ?2 AND version = CAST(?5 AS INTEGER) - 1
RETURNING '' AS doc
