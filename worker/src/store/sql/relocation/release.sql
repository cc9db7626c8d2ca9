DELETE FROM tenant_holds WHERE tenant_id = ?1 AND number <= ?2
