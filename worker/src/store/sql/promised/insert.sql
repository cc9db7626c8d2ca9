INSERT INTO promised_complaints (tenant_id, id, reference, complaint_id, nr)
SELECT ?1, ?2, ?3, ?4, coalesce((SELECT max(nr) FROM promised_complaints WHERE tenant_id = ?1), 0) + 1
WHERE true
ON CONFLICT (tenant_id, id) DO NOTHING
