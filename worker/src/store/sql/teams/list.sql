-- Those after ?2, ?3 of them, without the first ?4.
SELECT doc FROM teams WHERE tenant_id = ?1 AND id > ?2 AND deleted = 0 ORDER BY id LIMIT ?3 OFFSET ?4
