SELECT doc FROM email_links WHERE tenant_id = ?1 AND token = ?2
