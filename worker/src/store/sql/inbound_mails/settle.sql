-- What became of a mail that waited. What is empty is not known.
UPDATE inbound_mails
SET state = ?3, doc = ?4, content = nullif(?5, ''), message_id = nullif(?6, ''), complaint_id = nullif(?7, ''), attempts = 0,
  change = (SELECT max(change) FROM inbound_mails WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND id = ?2 AND state = 'received'
