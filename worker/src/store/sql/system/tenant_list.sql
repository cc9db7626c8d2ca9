SELECT doc FROM tenants WHERE id > ?1 ORDER BY id LIMIT ?2
