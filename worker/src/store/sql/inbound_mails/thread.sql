-- Complaints of the mails with these Message-IDs.
SELECT complaint_id AS doc FROM inbound_mails
WHERE tenant_id = ?1 AND message_id IN (SELECT value FROM json_each(?2)) AND complaint_id IS NOT NULL
LIMIT 5
