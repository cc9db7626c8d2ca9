DELETE FROM stored_files WHERE tenant_id = ?1 AND attachment_id = ?2
