SELECT doc FROM tenants WHERE id = ?1
