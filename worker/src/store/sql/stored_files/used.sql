SELECT CAST(bytes AS TEXT) AS doc FROM storage_used WHERE tenant_id = ?1
