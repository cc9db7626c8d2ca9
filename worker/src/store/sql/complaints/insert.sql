INSERT INTO complaints (tenant_id, id, reference, external_reference, received_at, version, doc, summary, created_by_key)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
