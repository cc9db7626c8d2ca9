INSERT INTO email_links (tenant_id, token, expires_at, doc) VALUES (?1, ?2, ?3, ?4)
