SELECT doc, directory_seq FROM tenants WHERE id = ?1
