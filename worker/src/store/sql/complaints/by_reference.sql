SELECT summary FROM complaints WHERE tenant_id = ?1 AND reference = ?2
