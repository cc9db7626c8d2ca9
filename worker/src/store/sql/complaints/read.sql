SELECT version, doc FROM complaints WHERE tenant_id = ?1 AND id = ?2
