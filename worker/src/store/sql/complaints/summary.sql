SELECT summary FROM complaints WHERE tenant_id = ?1 AND id = ?2
