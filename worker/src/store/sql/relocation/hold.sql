-- Of a tenant that leaves: what comes late, when the move was given up, holds nobody.
INSERT INTO tenant_holds (tenant_id, reason, number)
SELECT ?1, 'relocation', ?2 WHERE EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1)
ON CONFLICT (tenant_id) DO UPDATE SET reason = excluded.reason, number = excluded.number
WHERE tenant_holds.tenant_id = ?1 AND excluded.number > tenant_holds.number
