-- Has a mail wait once more that was ignored or is in quarantine.
UPDATE inbound_mails
SET state = 'received', doc = ?3, arrived = ?4, content = NULL, message_id = NULL, attempts = 0,
  change = (SELECT max(change) FROM inbound_mails WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND id = ?2 AND state IN ('ignored', 'quarantined')
