INSERT INTO api_keys (tenant_id, id, expires_at, doc) VALUES (?1, ?2, ?3, ?4)
