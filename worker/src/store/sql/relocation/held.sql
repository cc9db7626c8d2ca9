SELECT number FROM tenant_holds WHERE tenant_id = ?1
