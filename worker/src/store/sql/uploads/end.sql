DELETE FROM uploads WHERE tenant_id = ?1 AND attachment_id = ?2
