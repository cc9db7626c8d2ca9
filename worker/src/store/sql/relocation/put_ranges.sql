-- Fails unless the tenant is expected here by move ?3.
INSERT INTO change_ranges (tenant_id, first_number, slot, first_position, last_position)
SELECT ?1,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 'first_number' END,
  value ->> 'slot', value ->> 'first_position', value ->> 'last_position'
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, first_number) DO UPDATE
SET last_position = max(change_ranges.last_position, excluded.last_position)
WHERE change_ranges.tenant_id = ?1
