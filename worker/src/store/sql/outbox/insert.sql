INSERT INTO outbox (tenant_id, id, message) VALUES (?1, ?2, ?3)
