-- How many pieces of the text index of one size wait until they are merged (SQLite, FTS5, "The 'automerge' Configuration Option";
-- 4 unless told). Each merge writes all words of them anew: with 8 a complaint costs a sixth less to write, and a word that is
-- looked for is looked up in half as many pieces again, which is a hundredth of a search.
INSERT INTO complaint_words (complaint_words, rank) VALUES ('automerge', 8);
