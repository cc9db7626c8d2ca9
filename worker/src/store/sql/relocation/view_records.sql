SELECT json_array(id, owner, name, version, created_at, updated_at, fields) AS doc FROM views WHERE tenant_id = ?1
