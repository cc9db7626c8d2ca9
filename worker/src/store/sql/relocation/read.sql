SELECT doc, fence FROM relocations WHERE tenant_id = ?1
