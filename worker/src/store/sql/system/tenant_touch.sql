UPDATE tenants SET directory_seq = directory_seq + 1, unpublished = 1 WHERE id = ?1
