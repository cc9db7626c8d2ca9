-- How many bytes of words the text index gathers before it writes them (SQLite, fts5_config.c, `hashsize`; 1 MiB unless told). The words
-- of what is imported at once are about twice that: written in one piece instead of three, there is less to merge.
INSERT INTO complaint_words (complaint_words, rank) VALUES ('hashsize', 8388608);
