SELECT tenant_id AS id FROM relocations WHERE open = 1 AND lease_until <= ?1 LIMIT ?2
