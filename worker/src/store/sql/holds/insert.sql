INSERT INTO tenant_holds (tenant_id, reason) VALUES (?1, ?2) ON CONFLICT DO NOTHING
