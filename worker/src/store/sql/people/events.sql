-- What has happened to ?2, the newest first, before number ?3.
SELECT json_object('nr', nr, 'at', at, 'actor', json(nullif(actor, '')), 'event', json(event)) AS doc
FROM person_events
WHERE tenant_id = ?1 AND person_id = ?2 AND nr < ?3
ORDER BY nr DESC
LIMIT ?4
