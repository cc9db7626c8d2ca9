-- Where a message of a webhook is in a trace (W3C `traceparent`), if what it tells of was traced.
ALTER TABLE webhook_messages ADD COLUMN trace TEXT;
