-- Messages as `store/webhooks.rs` reads them, the newest first, behind the place ?3, ?4, ?5.
SELECT json_array(subject, seq, event, at, state, next_at, failed, json(attempts), trace) AS doc
FROM webhook_messages
WHERE tenant_id = ?1 AND endpoint_id = ?2 AND (at, subject, seq) < (CAST(?3 AS INTEGER), ?4, CAST(?5 AS INTEGER))
ORDER BY at DESC, subject DESC, seq DESC
LIMIT CAST(?6 AS INTEGER)
