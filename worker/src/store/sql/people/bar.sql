INSERT INTO barred (tenant_id, doc, until) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
