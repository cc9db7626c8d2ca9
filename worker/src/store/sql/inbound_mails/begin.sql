-- Notes that a mail is about to be read. How far it is, and how often that was begun, apart by a space.
INSERT INTO inbound_mails (tenant_id, id, change, arrived, doc, state, attempts)
SELECT ?1, ?2, coalesce((SELECT max(change) FROM inbound_mails WHERE tenant_id = ?1), 0) + 1, ?3, ?4, 'received', 1
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE SET attempts = attempts + 1, change = excluded.change
WHERE inbound_mails.tenant_id = ?1
RETURNING state || ' ' || attempts AS doc
