SELECT doc FROM people WHERE tenant_id = ?1 AND external_id = ?2
