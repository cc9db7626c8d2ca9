-- Fails unless the tenant is expected here by move ?3.
INSERT INTO promised_complaints (tenant_id, id, reference, complaint_id, nr)
SELECT ?1, value ->> 1, value ->> 2, value ->> 3,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 0 END
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
