SELECT id FROM tenants WHERE unpublished = 1 LIMIT ?1
