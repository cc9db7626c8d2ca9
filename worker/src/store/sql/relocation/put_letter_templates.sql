-- Fails unless the tenant is expected here by move ?3.
INSERT INTO letter_templates (tenant_id, nr, kind, language, brand, version, template)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 4 END, value ->> 5
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
