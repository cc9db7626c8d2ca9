SELECT doc FROM people WHERE tenant_id = ?1 AND id = ?2
