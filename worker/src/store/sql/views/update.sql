UPDATE views SET owner = ?3, name = ?4, version = ?5, doc = ?6 WHERE tenant_id = ?1 AND id = ?2 AND version = ?5 - 1
RETURNING doc
