SELECT doc FROM people WHERE tenant_id = ?1 AND email = ?2
