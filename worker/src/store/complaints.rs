//! Complaints: the fold of each case file, and lists of them.

use super::{Scoped, StoreError, TenantDb, history::StoredEvent, locks, system::SystemDb, to_json};
use serde::{Deserialize, de::IgnoredAny};
use shared::{
    chain::Digest,
    clock::{
        day::Day,
        due::Due,
        timeline::{Occurrence, Timeline},
    },
    complaint::{Complaint, counts::Count, decide::LinkTarget},
    http::{
        cursor::Direction,
        list_query::{ListQuery, Order},
        merge::Cut,
    },
    identity::role::Clearance,
    ids::ComplaintId,
    json,
    lock::{FencingToken, Lock},
    reference::Reference,
    search::{
        index::Tokens,
        place::{Place, Position},
        query::{MAX_MEANT, Query},
        rank::{LOOKED_AT, RANKED, scores},
        snippet,
    },
    statistics::Row,
    time::Timestamp,
};
use std::{cmp::Reverse, collections::BTreeSet};

pub(super) const READ: Scoped = scoped!("sql/complaints/read.sql");
const LOAD: Scoped = scoped!("sql/complaints/load.sql");
const OCCURRENCES: Scoped = scoped!("sql/events/occurrences.sql");
const BY_REFERENCE: Scoped = scoped!("sql/complaints/by_reference.sql");
const LABELLED: Scoped = scoped!("sql/complaints/labelled.sql");
const SUMMARY: Scoped = scoped!("sql/complaints/summary.sql");
const HAVING_EXTERNAL_REFERENCE: Scoped = scoped!("sql/complaints/having_external_reference.sql");
const ALIKE: Scoped = scoped!("sql/complaints/alike.sql");
const INDEX: Scoped = scoped!("sql/complaints/index.sql");
const LINK_TARGET: Scoped = scoped!("sql/complaints/link_target.sql");
pub(super) const COUNTS: Scoped = scoped!("sql/counts/read.sql");
const DAILY_COUNTS: Scoped = scoped!("sql/daily_counts/read.sql");
const LIST_NEWEST: Scoped = scoped!("sql/complaints/list_newest.sql");
const LIST_OLDEST: Scoped = scoped!("sql/complaints/list_oldest.sql");
const LIST_ALL: Scoped = scoped!("sql/complaints/list_all.sql");
const LIST_ALL_BACK: Scoped = scoped!("sql/complaints/list_all_back.sql");
const LIST_DUE: Scoped = scoped!("sql/complaints/list_due.sql");
const LIST_DUE_BACK: Scoped = scoped!("sql/complaints/list_due_back.sql");

/// A complaint as it is answered: JSON that needs no second look.
#[derive(Deserialize)]
pub(crate) struct Document {
    pub(crate) version: u32,
    pub(crate) doc: String,
    lock_token: Option<FencingToken>,
    lock_holder: Option<String>,
    lock_since: Option<i64>,
    lock_expires_at: Option<i64>,
}

impl Document {
    /// The JSON of the complaint, and its lock if that is in force at `now`.
    pub(crate) fn locked_at(self, now: Timestamp) -> (String, Option<Lock>) {
        let lock = (self.lock_token, self.lock_holder, self.lock_since, self.lock_expires_at);
        (self.doc, locks::in_force(lock, now))
    }
}

/// What an idempotency key did.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Done {
    pub(crate) fingerprint: Digest,
    pub(crate) complaint_id: ComplaintId,
    pub(crate) version: u32,
}

/// What a command needs to know.
pub(crate) struct Loaded {
    pub(crate) complaint: Option<Complaint>,
    pub(crate) done: Option<Done>,
    /// The lock in force.
    pub(crate) lock: Option<Lock>,
    /// The complaint that a link names, if it lies in the same database.
    pub(crate) target: LinkTarget,
    /// What has happened to it that clocks depend on.
    pub(crate) timeline: Timeline,
    /// What the law wants of it next.
    pub(crate) due: Option<Due>,
}

#[derive(Deserialize)]
struct LoadedRow {
    doc: Option<String>,
    due_at: Option<i64>,
    due_on: Option<Day>,
    fingerprint: Option<Digest>,
    version: Option<u32>,
    target_exists: u8,
    links_back: u8,
    lock_token: Option<FencingToken>,
    lock_holder: Option<String>,
    lock_since: Option<i64>,
    lock_expires_at: Option<i64>,
}

/// What is due next, by its columns.
pub(super) fn due(at: Option<i64>, on: Option<Day>) -> Option<Due> {
    Some(Due { at: Timestamp::from_unix_millis(at?), on: on? })
}

/// What is compared of a complaint that may be like another.
#[derive(Deserialize)]
pub(crate) struct Alike {
    /// As lists show it, as JSON.
    pub(crate) summary: String,
    pub(crate) description: String,
    /// As JSON.
    pub(crate) complainant: String,
    /// As JSON.
    pub(crate) links: String,
}

/// A page of summaries, newest first.
pub(crate) struct Page {
    /// Ready JSON, a summary each.
    summaries: Vec<String>,
    /// The newest and the oldest position on the page, if it is not empty.
    pub(crate) ends: Option<(Position, Position)>,
    /// Where the search has ended before its end, if it has.
    pub(crate) reached: Option<Position>,
    /// Whether the list goes on in the direction it was walked.
    pub(crate) more: bool,
}

impl Page {
    /// The `limit` summaries that come first, of what each shard has listed.
    pub(crate) fn of(shards: Vec<Looked>, direction: Direction, limit: u32) -> Self {
        let shards = shards
            .into_iter()
            .map(|looked| (looked.listed.into_iter().map(|one| (one.position, one)).collect(), looked.reached));
        let (Cut { items, more }, reached) = Cut::reached(shards.collect(), direction, limit as usize);
        let ends = items.first().zip(items.last()).map(|(newest, oldest)| (newest.position, oldest.position));
        Self { summaries: items.into_iter().map(|listed| listed.summary).collect(), ends, reached, more }
    }

    /// The `limit` of them that answer the search best, the best first: there is no other page.
    pub(crate) fn ranked(shards: Vec<Looked>, search: &Query, tokens: &Tokens, limit: u32) -> Self {
        let mut listed: Vec<_> = shards.into_iter().flat_map(|looked| looked.listed).collect();
        listed.sort_by_key(|listed| Reverse(listed.position));
        listed.truncate(RANKED as usize);
        let words = |listed: &Listed| -> Vec<String> {
            listed.words.split(' ').filter_map(|token| token.strip_prefix(tokens.code()).map(str::to_owned)).collect()
        };
        let texts: Vec<Vec<String>> = listed.iter().map(words).collect();
        let texts: Vec<Vec<&str>> = texts.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
        let mut ranked: Vec<_> = scores(&texts, &search.sought()).into_iter().zip(listed).collect();
        // A stable sort: of equals the newer stays first.
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let summaries = ranked.into_iter().take(limit as usize).map(|(_, listed)| listed.summary).collect();
        Self { summaries, ends: None, reached: None, more: false }
    }

    /// The summaries as a JSON list.
    pub(crate) fn items(&self) -> String {
        format!("[{}]", self.summaries.join(","))
    }
}

/// What a shard has listed, newest first.
pub(crate) struct Looked {
    listed: Vec<Listed>,
    /// Where it has ended before its end, having passed over too many: to go on from.
    reached: Option<Position>,
}

/// How many complaints with the rarest of its words and labels a search looks at at most. One by relevance goes no further, so it may
/// look at more.
const WALKED: u32 = 1_000;
const WALKED_RANKED: u32 = 10_000;

/// How many complaints that filters find are sorted by what is due of them; and where there are more, how many of those that are
/// due next are looked at for a page.
const SORTED: u32 = 2_000;
const LOOKED_THROUGH: u32 = 1_000;

/// A complaint that a shard has listed.
pub(crate) struct Listed {
    position: Position,
    /// Ready JSON.
    summary: String,
    /// The first of its tokens, if the list is ranked.
    words: String,
}

/// Of a complaint that a search has found: the description, tokens around a hit, the first tokens.
#[derive(Deserialize)]
struct Texts(String, String, String);

impl Listed {
    /// From a line of a page: the place, the id, the summary, and of a search the texts behind a tab.
    fn read(line: &str, search: Option<&Query>, tokens: &Tokens) -> Result<Self, StoreError> {
        let mut parts = line.splitn(3, ' ');
        let (Some(place), Some(id), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(StoreError::unreadable("a line without a place"));
        };
        let (summary, texts) = rest.split_once('\t').unwrap_or((rest, ""));
        let place = place.parse().map_err(StoreError::unreadable)?;
        let position = Position { place, id: id.parse().map_err(StoreError::unreadable)? };
        let Some(search) = search else {
            return Ok(Self { position, summary: summary.to_owned(), words: String::new() });
        };
        let Texts(description, around, words) = json::from_str(texts).map_err(StoreError::unreadable)?;
        let found =
            snippet::snippet(&description, &search.sought()).or_else(|| snippet::of_tokens(&around, tokens.code()));
        let summary = match (found, summary.strip_suffix('}')) {
            (Some(found), Some(open)) => {
                format!("{open},\"match\":{}}}", serde_json::to_string(&found).map_err(StoreError::unreadable)?)
            }
            _ => summary.to_owned(),
        };
        Ok(Self { position, summary, words })
    }
}

impl Looked {
    /// From the lines of a page, and behind the last of them the place or the position that the list has reached, if it ends there.
    fn read(text: &str, search: Option<&Query>, tokens: &Tokens, direction: Direction) -> Result<Self, StoreError> {
        // JSON text holds no raw line feed, so lines can be told apart by it.
        let (lines, reached) = text.rsplit_once('\n').unwrap_or(("", text));
        let reached = match (reached.parse(), reached.parse().map(Position::around)) {
            (Ok(position), _) => Some(position),
            // Whatever stands there comes next.
            (_, Ok((below, above))) => Some(if direction == Direction::Forward { above } else { below }),
            _ if reached.is_empty() => None,
            _ => return Err(StoreError::unreadable("a page that ends nowhere")),
        };
        let listed = lines.split_terminator('\n').map(|line| Listed::read(line, search, tokens));
        Ok(Self { listed: listed.collect::<Result<_, _>>()?, reached })
    }
}

#[derive(Deserialize)]
struct LinkTargetRow {
    links_back: u8,
}

#[derive(Deserialize)]
struct SummaryRow {
    summary: String,
}

impl TenantDb {
    pub(crate) async fn read(&self, id: ComplaintId) -> Result<Option<Document>, StoreError> {
        self.row(READ, (id,)).await
    }

    /// Everything a command decides on, in one call.
    pub(crate) async fn load(
        &self,
        id: ComplaintId,
        idempotency_key: &str,
        link: Option<ComplaintId>,
        now: Timestamp,
    ) -> Result<Loaded, StoreError> {
        let batch = self.batch().with(LOAD, (id, idempotency_key, link)).with(OCCURRENCES, (id,));
        let (rows, events) = self.run::<(Vec<LoadedRow>, Vec<StoredEvent>)>(batch).await?;
        let row = rows.into_iter().next().ok_or_else(|| StoreError::unreadable("a row of what was asked"))?;
        let complaint: Option<Complaint> =
            row.doc.map(|doc| json::from_str(&doc)).transpose().map_err(|error| StoreError::unreadable(&error))?;
        let mut timeline = Timeline::default();
        if let Some(complaint) = &complaint {
            timeline.add(Occurrence::Received, complaint.received_at);
        }
        for event in &events {
            timeline.take_in(&event.event()?);
        }
        let due = due(row.due_at, row.due_on);
        let done = match (row.fingerprint, row.version) {
            (Some(fingerprint), Some(version)) => Some(Done { fingerprint, complaint_id: id, version }),
            _ => None,
        };
        let target = LinkTarget { exists: row.target_exists != 0, links_back: row.links_back != 0 };
        let lock = locks::in_force((row.lock_token, row.lock_holder, row.lock_since, row.lock_expires_at), now);
        Ok(Loaded { complaint, done, lock, target, timeline, due })
    }

    /// What a link needs to know of its target, for a complaint that lies elsewhere.
    pub(crate) async fn link_target(&self, target: ComplaintId, from: ComplaintId) -> Result<LinkTarget, StoreError> {
        let row: Option<LinkTargetRow> = self.row(LINK_TARGET, (target, from)).await?;
        Ok(LinkTarget { exists: row.is_some(), links_back: row.is_some_and(|row| row.links_back != 0) })
    }

    /// The summary of the complaint with a reference.
    pub(crate) async fn referred_to(&self, reference: &Reference) -> Result<Option<String>, StoreError> {
        let row: Option<SummaryRow> = self.row(BY_REFERENCE, (reference,)).await?;
        Ok(row.map(|row| row.summary))
    }

    /// The summary of a complaint.
    pub(crate) async fn summary(&self, id: ComplaintId) -> Result<Option<String>, StoreError> {
        let row: Option<SummaryRow> = self.row(SUMMARY, (id,)).await?;
        Ok(row.map(|row| row.summary))
    }

    /// The summary of a complaint if it has this external reference.
    pub(crate) async fn summary_having(&self, id: ComplaintId, external: &str) -> Result<Option<String>, StoreError> {
        let row: Option<SummaryRow> = self.row(HAVING_EXTERNAL_REFERENCE, (id, external)).await?;
        Ok(row.map(|row| row.summary))
    }

    /// Of complaints, a JSON list of ids, those that not everybody may see: each one's id, and its labels as JSON.
    pub(crate) async fn labelled(&self, ids: &str) -> Result<Vec<String>, StoreError> {
        self.lines(LABELLED, (ids,)).await
    }

    /// How many complaints here have which value of which facet.
    pub(crate) async fn counts(&self) -> Result<Vec<Count>, StoreError> {
        self.rows(COUNTS, ()).await
    }

    /// What was received and resolved here on these days, and what is open; and of what has one of these sets of labels, how many fewer.
    pub(crate) async fn daily_counts(
        &self,
        from: Day,
        to: Day,
        hidden: &[BTreeSet<Clearance>],
    ) -> Result<Vec<Row>, StoreError> {
        self.rows(DAILY_COUNTS, (from, to, to_json(&hidden)?)).await
    }

    /// The tenant's tokens in the index.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens::of(self.tenant)
    }

    /// The newest complaints but `id` that have one of these tokens, inside the filters: at most `limit`, with the first
    /// `read` characters of their texts. `searched` is what is searched for, in the language of the index.
    pub(crate) async fn alike(
        &self,
        likeness: &[String],
        id: &str,
        filters: &ListQuery,
        searched: Option<&str>,
        (limit, read): (u32, u32),
    ) -> Result<Vec<Alike>, StoreError> {
        let likeness = format!("(\"{}\")", likeness.join("\" OR \""));
        let matching = if filters.facets.is_empty() && searched.is_none() {
            likeness
        } else {
            format!("{likeness} AND ({})", self.matching(filters, searched))
        };
        let (from, to) = filters.received();
        self.rows(ALIKE, (matching, id, limit, read, from.unix_millis(), to.unix_millis())).await
    }

    /// Puts a complaint that is not there into the text index, as it was at `version`. Of `labels` the one for what is due is added.
    pub(crate) async fn index(
        &self,
        id: ComplaintId,
        version: u32,
        words: &str,
        likeness: &str,
        labels: &str,
    ) -> Result<(), StoreError> {
        self.rows::<IgnoredAny>(INDEX, (id, version, words, likeness, labels, self.tokens().due())).await?;
        Ok(())
    }

    /// The words of this database that begin as a query has it: at most one more than it may mean.
    pub(crate) async fn words_beginning(&self, beginning: &str) -> Result<Vec<String>, StoreError> {
        let tokens = self.tokens();
        let first = tokens.word(beginning);
        // Beyond every word that begins so: there is no character after the last.
        let last = format!("{first}{}", char::MAX);
        let system = SystemDb::new(self.runtime.clone(), self.shard);
        let terms = system.words_between(&first, &last, MAX_MEANT + 1).await?;
        let words = terms.iter().filter_map(|term| term.strip_prefix(tokens.code()).map(str::to_owned));
        Ok(words.collect())
    }

    /// The complaints that lie beyond `from` in `direction`, inside the query's bounds, newest first: a page, and one more
    /// if there is more, or fewer if too many were passed over. `searched` is what is searched for, in the language of the index.
    pub(crate) async fn list(
        &self,
        query: &ListQuery,
        searched: Option<&str>,
        direction: Direction,
        from: Option<Position>,
    ) -> Result<Looked, StoreError> {
        let tokens = self.tokens();
        let forward = direction == Direction::Forward;
        let (low, high, received) = Self::bounds(query, direction, from);
        if query.facets.is_empty() && query.search.is_none() {
            let parameters = (low.0, low.1, high.0, high.1, received.0, received.1, query.page_size() + 1);
            let text = self.text(if forward { LIST_ALL } else { LIST_ALL_BACK }, parameters).await?;
            return Looked::read(&text, None, &tokens, direction);
        }
        let sql = if forward { LIST_NEWEST } else { LIST_OLDEST };
        let matching = self.matching(query, searched);
        let by_relevance = query.order == Order::Relevance;
        let (limit, read) = if by_relevance { (RANKED, LOOKED_AT) } else { (query.page_size() + 1, 0) };
        let shows_why = u8::from(query.search.is_some());
        let walked = query.search.as_ref().map(|search| search.walked(&tokens)).unwrap_or_default();
        let walked: Vec<_> =
            walked.into_iter().chain(tokens.facets(query)).map(|token| format!("\"{token}\"")).collect();
        // A list by one token is its page.
        let walked = if query.search.is_none() || walked.len() < 2 { Vec::new() } else { walked };
        let most = if by_relevance { WALKED_RANKED } else { WALKED };
        let (between, page) = ((low.0, low.1, high.0, high.1), (limit, shows_why, read));
        let parameters = (
            matching,
            between.0,
            between.1,
            between.2,
            between.3,
            received.0,
            received.1,
            page.0,
            page.1,
            page.2,
            to_json(&walked)?,
            most,
            tokens.code(),
        );
        let text = self.text(sql, parameters).await?;
        Looked::read(&text, query.search.as_ref(), &tokens, direction)
    }

    /// The complaints of which something is due that lie beyond `from` in `direction`, inside the query's bounds, the soonest
    /// first: a page, and one more if there is more, or fewer if too many were passed over. `today` is where the tenant is.
    pub(crate) async fn list_due(
        &self,
        query: &ListQuery,
        today: Day,
        direction: Direction,
        from: Option<Position>,
    ) -> Result<Looked, StoreError> {
        let tokens = self.tokens();
        let (first, beyond) = query.due_days(today);
        // A day begins and ends elsewhere up to a day earlier or later than in UTC.
        let earliest = first.map_or(Timestamp::MIN, |first| first.plus(-1).utc_midnight());
        let latest = beyond.map_or(Timestamp::MAX, |beyond| beyond.plus(1).utc_midnight());
        let (mut low, mut high) =
            (Position::around(Place::of_due(latest)).0, Position::around(Place::of_due(earliest)).1);
        match (direction, from) {
            (Direction::Forward, Some(from)) => high = high.min(from),
            (Direction::Backward, Some(from)) => low = low.max(from),
            (_, None) => {}
        }
        let facets = tokens.facets(query);
        let matching = std::iter::once(tokens.due()).chain(facets.iter().cloned());
        let matching: Vec<_> = matching.map(|token| format!("\"{token}\"")).collect();
        let (received_from, received_to) = query.received();
        let parameters = (
            matching.join(" AND "),
            low.place.to_string(),
            low.id,
            high.place.to_string(),
            high.id,
            received_from.unix_millis(),
            received_to.unix_millis(),
            query.page_size() + 1,
            first.map(|day| day.to_string()).unwrap_or_default(),
            beyond.map_or_else(|| "~".to_owned(), |day| day.to_string()),
            to_json(&facets)?,
            SORTED,
            LOOKED_THROUGH,
        );
        let sql = if direction == Direction::Forward { LIST_DUE } else { LIST_DUE_BACK };
        Looked::read(&self.text(sql, parameters).await?, None, &tokens, direction)
    }

    /// The places, with ids, between which a list goes on, exclusive, and the milliseconds of receipt, the second exclusive.
    pub(super) fn bounds(
        query: &ListQuery,
        direction: Direction,
        from: Option<Position>,
    ) -> ((String, String), (String, String), (i64, i64)) {
        let (received_from, received_to) = query.received();
        // No id is empty, and none comes after "~".
        let mut low = (Place::first_of(received_from), String::new());
        let mut high = (Place::last_of(received_to), "~".to_owned());
        let at = |position: Position| (position.place, position.id.to_string());
        match (direction, from) {
            (Direction::Forward, Some(from)) => high = high.min(at(from)),
            (Direction::Backward, Some(from)) => low = low.max(at(from)),
            (_, None) => {}
        }
        let received = (received_from.unix_millis(), received_to.unix_millis());
        ((low.0.to_string(), low.1), (high.0.to_string(), high.1), received)
    }

    /// What the index is asked for: the filters, and what is searched for, of what whoever asks may see.
    pub(super) fn matching(&self, query: &ListQuery, searched: Option<&str>) -> String {
        let filters: Vec<_> = match searched {
            // Every complaint has the token of all: looking for it would only take time.
            Some(_) if query.facets.is_empty() => Vec::new(),
            _ => self.tokens().wanted(query),
        };
        let filters = filters.iter().map(|token| format!("\"{token}\""));
        let all = filters.chain(searched.map(str::to_owned)).collect::<Vec<_>>().join(" AND ");
        match &query.clearances {
            Some(clearances) => format!("({all}) NOT \"{}\"", self.tokens().hidden_from(clearances)),
            None => all,
        }
    }
}
