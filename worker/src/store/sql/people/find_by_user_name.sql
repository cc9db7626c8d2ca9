SELECT doc FROM people WHERE tenant_id = ?1 AND user_name = ?2
