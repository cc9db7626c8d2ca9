-- Complaints of the mails with these Message-IDs, in the order in which those are named.
SELECT m.complaint_id AS doc
FROM json_each(?2) AS named
CROSS JOIN inbound_mails AS m ON m.tenant_id = ?1 AND m.message_id = named.value
WHERE m.complaint_id IS NOT NULL
LIMIT 5
