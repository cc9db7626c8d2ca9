-- Messages as `store/webhooks.rs` reads them, that are to be sent by ?3, the longest ago first.
SELECT json_array(subject, seq, event, at, state, next_at, failed, json(attempts), trace) AS doc
FROM webhook_messages
WHERE tenant_id = ?1 AND endpoint_id = ?2 AND next_at <= CAST(?3 AS INTEGER)
ORDER BY next_at
LIMIT CAST(?4 AS INTEGER)
