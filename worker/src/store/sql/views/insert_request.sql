INSERT INTO view_requests (tenant_id, key, fingerprint, doc, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
