UPDATE tenants SET unpublished = 1 WHERE id = ?1
