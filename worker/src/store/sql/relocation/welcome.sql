-- What an earlier move from here has left is no hindrance to one that comes; a tenant that is leaving stays held.
DELETE FROM tenant_holds
WHERE tenant_id = ?1 AND NOT EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = ?1)
