UPDATE complaints SET wake_at = ?3 WHERE tenant_id = ?1 AND id = ?2
