-- What came by move ?2 is held from now on, and only what is held is ever deleted.
INSERT INTO tenant_holds (tenant_id, reason, number)
SELECT ?1, 'relocation', 0 WHERE EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?2)
ON CONFLICT DO NOTHING
