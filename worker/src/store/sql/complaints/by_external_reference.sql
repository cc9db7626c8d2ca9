SELECT summary FROM complaints WHERE tenant_id = ?1 AND external_reference = ?2
