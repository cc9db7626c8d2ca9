INSERT INTO sessions (tenant_id, id, person_id, generation, ends_at, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
