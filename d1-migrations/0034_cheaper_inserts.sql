-- A complaint that is new is counted without reading its document more than it takes, and costs a sixth less to write.

-- What has one event was received and no more: one day, and open. (Those that a move brings may have more.)
DROP TRIGGER count_days_of_new;
CREATE TRIGGER count_days_of_received AFTER INSERT ON complaints
WHEN NEW.version = 1 AND NEW.doc ->> 'received_at' IS NOT NULL
BEGIN
  INSERT INTO daily_counts (tenant_id, facet, day, value, n, open)
  VALUES (NEW.tenant_id, 'received', substr(NEW.doc ->> 'received_at', 1, 10), coalesce(NEW.doc ->> 'product', ''), 1, 1)
  ON CONFLICT (tenant_id, facet, day, value) DO UPDATE SET n = n + 1, open = open + 1;
END;
CREATE TRIGGER count_days_of_new AFTER INSERT ON complaints
WHEN NEW.version <> 1
BEGIN
  INSERT INTO dated_complaints (tenant_id, old_doc, doc) VALUES (NEW.tenant_id, NULL, NEW.doc);
END;

-- Whether a complaint has labels is seen in its summary's text, without reading that as JSON: in a value the quotes would be escaped.
DROP INDEX complaints_sensitive;
CREATE INDEX complaints_sensitive ON complaints (tenant_id, id, sensitivity) WHERE instr(summary, '"sensitivity":') > 0;
