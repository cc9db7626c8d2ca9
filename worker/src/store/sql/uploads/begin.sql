INSERT INTO uploads (tenant_id, attachment_id, key, fingerprint, doc) VALUES (?1, ?2, ?3, ?4, ?5)
