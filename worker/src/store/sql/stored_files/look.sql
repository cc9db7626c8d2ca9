UPDATE stored_files SET look_at = ?3 WHERE tenant_id = ?1 AND attachment_id = ?2
