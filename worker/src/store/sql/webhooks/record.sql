-- ?5: a JSON list of the state, when it is to be sent again, how many attempts have failed, and the attempt.
UPDATE webhook_messages
SET state = ?5 ->> 0, next_at = ?5 ->> 1, failed = ?5 ->> 2,
  attempts = json_insert(
    CASE WHEN json_array_length(attempts) >= 20 THEN json_remove(attempts, '$[0]') ELSE attempts END, '$[#]', ?5 -> 3
  ),
  change = (SELECT max(change) FROM webhook_messages WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND endpoint_id = ?2 AND subject = ?3 AND seq = CAST(?4 AS INTEGER)
