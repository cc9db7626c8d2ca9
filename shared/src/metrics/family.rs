//! The families: every metric that there is, in one table.

/// What the values of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// As it is now.
    Gauge,
    /// How many took how long, by [`BUCKETS`].
    Histogram,
}

impl Kind {
    /// As it is called in the exposition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric, of which each combination of labels is a series.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name. One that ends with `_seconds` is kept in milliseconds and shown in seconds.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

impl Family {
    /// Whether it is kept in milliseconds, and shown in seconds.
    #[must_use]
    pub fn is_time(&self) -> bool {
        self.name.ends_with("_seconds")
    }
}

/// Upper bounds of a histogram's buckets, in milliseconds. What is longer than the last is in a bucket of its own.
pub const BUCKETS: [u64; 8] = [10, 25, 50, 100, 250, 1_000, 5_000, 60_000];

macro_rules! families {
    ($($constant:ident $kind:ident $name:literal [$($label:literal)*] $help:literal;)*) => {
        /// Each family by itself.
        pub mod families {
            use super::{Family, Kind};
            $(
                #[doc = $help]
                pub const $constant: &Family =
                    &Family { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };
            )*
        }

        /// Every family, in the order in which they are shown.
        pub const ALL: &[&Family] = &[$(families::$constant),*];
    };
}

families! {
    REQUESTS Counter "redress_requests_total" ["side" "route" "method" "status"]
        "Requests answered, by the Worker that served them, the route's pattern and the class of status.";
    REQUEST_DURATION Histogram "redress_request_duration_seconds" ["side" "route" "method"]
        "How long answers took.";
    REFUSALS Counter "redress_refusals_total" ["side" "code"]
        "Requests that were not done, by the code of the problem.";
    LOCK_CONFLICTS Counter "redress_lock_conflicts_total" ["route" "code"]
        "Writes that met a lock or a newer version: `locked`, `lock_lost`, `precondition_failed`.";
    TOP_TENANT_REQUESTS Gauge "redress_top_tenant_requests" ["tenant"]
        "Requests in the last 5 to 10 minutes of the tenants that have sent most.";

    D1_CALLS Counter "redress_d1_calls_total" ["side" "shard" "outcome"]
        "Calls of D1: done, or failed for any reason, conflicts among writers included.";
    D1_DURATION Histogram "redress_d1_duration_seconds" ["side" "shard"]
        "How long calls of D1 took.";
    D1_STATEMENTS Counter "redress_d1_statements_total" ["side" "shard"]
        "Statements in those calls.";
    D1_ROWS_READ Counter "redress_d1_rows_read_total" ["side" "shard"]
        "Rows that D1 has read.";
    D1_ROWS_WRITTEN Counter "redress_d1_rows_written_total" ["side" "shard"]
        "Rows that D1 has written.";
    D1_SLOW Counter "redress_d1_slow_calls_total" ["side" "shard"]
        "Calls of D1 that took longer than `SLOW_MILLIS`; the log has a line for each.";

    BREAKER_EVENTS Counter "redress_breaker_events_total" ["side" "dependency" "event"]
        "What has become of isolates' breakers: opened, closed, and refused calls. As many as were opened and not closed are open, but for those of isolates that have ended.";

    OBJECT_CALLS Counter "redress_object_calls_total" ["side" "class" "outcome"]
        "Asks of Durable Objects. Those of class `rate_limiter` are leases.";

    LIVE_OPENED Counter "redress_live_sockets_opened_total" []
        "Sockets opened to be told of changes.";
    LIVE_CLOSED Counter "redress_live_sockets_closed_total" ["reason"]
        "Those that were closed since, by reason: left, misused, `switched_off`, ended, suspended, slow, moved. What a hub has closed and not told of when it was put to sleep is not counted.";
    LIVE_SENT Counter "redress_live_messages_sent_total" []
        "Messages sent to sockets.";
    LIVE_PUSHES Counter "redress_live_pushes_total" ["side" "outcome"]
        "Times that a tenant's hub was told that something has changed: nobody was there, done, or failed.";

    QUEUE_BATCHES Counter "redress_queue_batches_total" ["queue"]
        "Batches taken from queues.";
    QUEUE_MESSAGES Counter "redress_queue_messages_total" ["queue" "outcome"]
        "Messages of those batches: taken from the queue, again for those that come again, unreadable, or buried among the dead letters.";
    QUEUE_AGE Histogram "redress_queue_age_seconds" ["queue"]
        "How long ago that was written of which messages tell, when they were taken from their queue.";

    SPANS Counter "redress_spans_total" ["side" "outcome"]
        "Spans of traces: sent to the collector, not taken by it, or dropped because there were too many.";
    MAILS Counter "redress_inbound_mails_total" ["outcome"]
        "Mails that came in: received, rejected for there is no such address, and what became of them.";
    NOTIFICATIONS Counter "redress_notifications_total" ["channel" "outcome"]
        "What became of notifications that were to be sent: sent, again, `put_off`, bounced, failed, skipped.";

    CRON_RUNS Counter "redress_cron_runs_total" ["side"]
        "Runs of cron.";
    FAULTS Counter "redress_faults_total" ["side" "fault"]
        "What went wrong outside answers, steps of cron among it, by the message in the log.";

    OUTBOX_ROWS Gauge "redress_outbox_rows" ["shard"]
        "Rows of the outbox, of which no consumer has recorded who is to be told; at most 10,000 are counted.";
    OUTBOX_AGE Gauge "redress_outbox_oldest_age_seconds" ["shard"]
        "Age of the oldest row of the outbox; 0 if there is none.";
    WAKE_DUE Gauge "redress_wake_due" ["shard"]
        "Complaints to which time has brought something that is not recorded; at most 10,000 are counted.";
    WAKE_LAG Gauge "redress_wake_lag_seconds" ["shard"]
        "How long ago that came which has waited longest to be recorded; 0 if nothing waits.";
    BULK_OPEN Gauge "redress_bulk_jobs_open" ["shard"]
        "Bulk jobs that are not over; at most 10,000 are counted.";
    DEAD_LETTERS Gauge "redress_dead_letters_waiting" []
        "Dead letters that nobody has replayed; at most 10,000 are counted.";

    SHARD_UP Gauge "redress_shard_up" ["shard"]
        "Whether the database has answered this scrape.";
    METRICS_UP Gauge "redress_metrics_up" []
        "Whether the object that adds up has answered this scrape. If not, only what the databases say is shown.";
    SERIES_DROPPED Counter "redress_metrics_series_dropped_total" []
        "Values that were not added up because there were too many series.";
    BUILD_INFO Gauge "redress_build_info" ["version" "cell"]
        "Which build answers, and of which cell.";
}
