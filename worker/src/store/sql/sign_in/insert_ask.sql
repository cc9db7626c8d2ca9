INSERT INTO link_asks (tenant_id, address, at, token) VALUES (?1, ?2, ?3, ?4)
