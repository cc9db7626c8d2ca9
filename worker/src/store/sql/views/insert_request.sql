INSERT INTO view_requests (tenant_id, key, fingerprint, view, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
