-- What has happened, the newest first, before number ?2.
SELECT json_object('nr', nr, 'at', at, 'actor', json(actor), 'event', json(event)) AS doc
FROM tenant_events
WHERE tenant_id = ?1 AND nr < ?2
ORDER BY nr DESC
LIMIT ?3
