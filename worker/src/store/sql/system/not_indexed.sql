SELECT tenant_id AS tenant, id FROM complaints WHERE labels IS NULL LIMIT ?1
