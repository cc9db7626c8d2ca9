//! The change feed's own statements, run on databases with the product's schema: whatever is written where and whoever
//! gives numbers when, everybody reads the same.

use crate::catalogue::{migrations, statement};
use proptest::prelude::*;
use rusqlite::{Connection, Row, ToSql, params};
use shared::{
    changes::{Found, Range, page, spans},
    ids::ComplaintId,
    time::Timestamp,
};
use std::collections::BTreeMap;

/// The database of each slot: two slots share the first.
const PLACEMENT: [usize; 3] = [0, 1, 0];
const DATABASES: usize = 2;
const TENANTS: [&str; 2] = ["018bcfe5-6800-7303-8303-0303030303aa", "018bcfe5-6800-7303-8303-0303030303bb"];

/// An event as a reader sees it: its number, its complaint and which event of that it is.
type Seen = (u64, String, u64);

#[derive(Clone, Debug)]
enum Action {
    /// A commit of so many events to a complaint of a slot.
    Write {
        tenant: usize,
        slot: u8,
        complaint: u8,
        events: usize,
    },
    /// A sequencer asks the other databases what they have.
    Look {
        tenant: usize,
        sequencer: usize,
    },
    /// It gives numbers, by what it was told when it last looked.
    Sequence {
        tenant: usize,
        sequencer: usize,
    },
    /// A reader turns a page.
    Read {
        tenant: usize,
        reader: usize,
        limit: u32,
        max_bytes: usize,
    },
    Hold {
        tenant: usize,
    },
    Release {
        tenant: usize,
    },
}

fn action() -> impl Strategy<Value = Action> {
    let tenant = || 0..TENANTS.len();
    prop_oneof![
        4 => (tenant(), 0_u8..3, 0_u8..3, 1_usize..4)
            .prop_map(|(tenant, slot, complaint, events)| Action::Write { tenant, slot, complaint, events }),
        2 => (tenant(), 0_usize..2).prop_map(|(tenant, sequencer)| Action::Look { tenant, sequencer }),
        3 => (tenant(), 0_usize..2).prop_map(|(tenant, sequencer)| Action::Sequence { tenant, sequencer }),
        3 => (tenant(), 0_usize..2, 1_u32..8, 1_usize..400)
            .prop_map(|(tenant, reader, limit, max_bytes)| Action::Read { tenant, reader, limit, max_bytes }),
        1 => tenant().prop_map(|tenant| Action::Hold { tenant }),
        2 => tenant().prop_map(|tenant| Action::Release { tenant }),
    ]
}

/// What one tenant's writers, sequencers and readers know.
#[derive(Clone, Default)]
struct Known {
    versions: BTreeMap<String, u64>,
    held: bool,
    looked: [Vec<(u8, Option<u64>)>; 2],
    read: [Vec<Seen>; 2],
}

struct World {
    databases: Vec<Connection>,
    known: [Known; TENANTS.len()],
}

impl World {
    fn new() -> Self {
        let schema: String = migrations().into_iter().map(|(_, sql)| sql).collect();
        let database = || {
            let database = Connection::open_in_memory().expect("SQLite opens in memory");
            database.execute_batch(&schema).expect("the migrations apply");
            database
        };
        let databases = (0..DATABASES).map(|_| database()).collect();
        let known = [(); TENANTS.len()].map(|()| Known { looked: [unseen(), unseen()], ..Known::default() });
        Self { databases, known }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Write { tenant, slot, complaint, events } => self.write(tenant, slot, complaint, events),
            Action::Look { tenant, sequencer } => self.known[tenant].looked[sequencer] = self.look(tenant),
            Action::Sequence { tenant, sequencer } => self.sequence(tenant, &self.known[tenant].looked[sequencer]),
            Action::Read { tenant, reader, limit, max_bytes } => {
                let after = self.known[tenant].read[reader].last().map_or(0, |(number, ..)| *number);
                let page = self.read(tenant, after, limit, max_bytes);
                self.known[tenant].read[reader].extend(page);
            }
            Action::Hold { tenant } => {
                let sql = "INSERT OR IGNORE INTO tenant_holds (tenant_id, reason) VALUES (?1, 'relocation')";
                self.each(sql, tenant);
                self.known[tenant].held = true;
            }
            Action::Release { tenant } => {
                self.each("DELETE FROM tenant_holds WHERE tenant_id = ?1", tenant);
                self.known[tenant].held = false;
            }
        }
    }

    fn each(&self, sql: &str, tenant: usize) {
        for database in &self.databases {
            database.execute(sql, [TENANTS[tenant]]).expect("it runs");
        }
    }

    fn write(&mut self, tenant: usize, slot: u8, complaint: u8, events: usize) {
        let id = ComplaintId::in_slot(Timestamp::MIN, &[complaint; 10], slot).to_string();
        let known = &mut self.known[tenant];
        let version = known.versions.get(&id).copied().unwrap_or_default();
        let rows: Vec<_> = (1..=events as u64)
            .map(|nth| (version + nth, 1, format!("{{\"x\":\"{}\"}}", "x".repeat(usize::from(complaint) * 50)), ""))
            .collect();
        let rows = serde_json::to_string(&rows).expect("rows are JSON");
        let appended = self.databases[PLACEMENT[usize::from(slot)]]
            .execute(&statement("events/append.sql"), params![TENANTS[tenant], id, rows, None::<i64>, 0, slot]);
        assert_eq!(appended.is_err(), known.held, "{appended:?}");
        if appended.is_ok() {
            known.versions.insert(id, version + events as u64);
        }
    }

    /// The newest positions in the other databases; what lies in the first is looked up when numbers are given.
    fn look(&self, tenant: usize) -> Vec<(u8, Option<u64>)> {
        let mut newest = unseen();
        for (slot, position) in &mut newest {
            let database = PLACEMENT[usize::from(*slot)];
            if database > 0 {
                let slots = format!("[{slot}]");
                let parameters: [&dyn ToSql; 2] = [&TENANTS[tenant], &slots];
                let found =
                    rows(&self.databases[database], "changes/newest.sql", &parameters, |row| number(row, "position"));
                *position = Some(found[0]);
            }
        }
        newest
    }

    fn sequence(&self, tenant: usize, newest: &[(u8, Option<u64>)]) {
        let newest = serde_json::to_string(newest).expect("slots are JSON");
        self.databases[0]
            .execute(&statement("changes/sequence.sql"), params![TENANTS[tenant], newest])
            .expect("it runs");
    }

    fn read(&self, tenant: usize, after: u64, limit: u32, max_bytes: usize) -> Vec<Seen> {
        let of: &dyn ToSql = &TENANTS[tenant];
        let home = &self.databases[0];
        let (place, most) = (signed(after), signed(max_bytes as u64));
        let ranges = rows(home, "changes/ranges.sql", &[of, &place, &limit], range);
        let mut found = rows(home, "changes/page.sql", &[of, &place, &limit, &most], event);
        for span in spans(&ranges, after, limit) {
            let database = PLACEMENT[usize::from(span.slot)];
            if database > 0 {
                let (first, last) = (signed(span.first), signed(span.last));
                let parameters: [&dyn ToSql; 6] = [of, &span.slot, &first, &last, &limit, &most];
                found.extend(rows(&self.databases[database], "changes/of_slot.sql", &parameters, event));
            }
        }
        let page = page(&ranges, after, limit, max_bytes, found);
        page.into_iter().map(|(number, (complaint, nth))| (number, complaint, nth)).collect()
    }

    /// All that there is, and each reader's way to it.
    fn finish(&mut self) {
        for tenant in 0..TENANTS.len() {
            self.act(Action::Release { tenant });
            let newest = self.look(tenant);
            self.sequence(tenant, &newest);
            self.sequence(tenant, &self.known[tenant].looked[0]);
            for reader in 0..2 {
                loop {
                    let before = self.known[tenant].read[reader].len();
                    self.act(Action::Read { tenant, reader, limit: 3, max_bytes: 100 });
                    if self.known[tenant].read[reader].len() == before {
                        break;
                    }
                }
            }
        }
    }
}

fn unseen() -> Vec<(u8, Option<u64>)> {
    // A sequencer that has not looked yet knows of nothing elsewhere.
    (0..3).zip(PLACEMENT).map(|(slot, database)| (slot, (database > 0).then_some(0))).collect()
}

fn rows<T>(
    database: &Connection,
    name: &str,
    parameters: &[&dyn ToSql],
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut query = database.prepare(&statement(name)).expect("it can be asked");
    let found = query.query_map(parameters, read).expect("it answers");
    found.map(|row| row.expect("a row")).collect()
}

/// `SQLite` has no unsigned numbers.
fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.unwrap_or_default().unsigned_abs())
}

fn signed(number: u64) -> i64 {
    number.try_into().expect("numbers are small")
}

fn range(row: &Row<'_>) -> rusqlite::Result<Range> {
    Ok(Range {
        first_number: number(row, "first_number")?,
        slot: row.get("slot")?,
        first_position: number(row, "first_position")?,
        last_position: number(row, "last_position")?,
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<Found<(String, u64)>> {
    let body: String = row.get("body")?;
    let (slot, position, complaint): (u8, u64, String) =
        (row.get("slot")?, number(row, "position")?, row.get("complaint_id")?);
    Ok(Found { slot, position, bytes: body.len(), event: (complaint, position) })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_reader_sees_every_event_once_and_in_one_order(actions in proptest::collection::vec(action(), 0..60)) {
        let mut world = World::new();
        actions.into_iter().for_each(|action| world.act(action));
        world.finish();
        for (tenant, known) in world.known.iter().enumerate() {
            let [first, second] = &known.read;
            prop_assert_eq!(first, second);
            let events: u64 = known.versions.values().sum();
            prop_assert!(first.iter().map(|(number, ..)| *number).eq(1..=events), "numbers without a gap: {first:?}");
            // Of each slot all positions in order; so of each complaint all events in order.
            let mut positions = BTreeMap::<u8, u64>::new();
            let mut versions = BTreeMap::<&str, u64>::new();
            for (_, complaint, position) in first {
                let slot = complaint.parse::<ComplaintId>().unwrap().slot();
                let next = positions.entry(slot).or_default();
                *next += 1;
                prop_assert_eq!(*position, *next);
                *versions.entry(complaint).or_default() += 1;
            }
            prop_assert!(versions.iter().all(|(complaint, seen)| known.versions[*complaint] == *seen));
            // From wherever a reader starts again, the rest is the same.
            for after in 0..=events {
                let rest = world.read(tenant, after, 1_000, 1 << 20);
                prop_assert_eq!(&rest, &first[after as usize..]);
            }
        }
    }
}

/// One slot needs one range, however often it is numbered.
#[test]
fn a_tenant_of_one_slot_has_one_range() {
    let mut world = World::new();
    for _ in 0..5 {
        world.act(Action::Write { tenant: 0, slot: 2, complaint: 1, events: 2 });
        world.act(Action::Sequence { tenant: 0, sequencer: 0 });
    }
    let ranges = rows(&world.databases[0], "changes/ranges.sql", &[&TENANTS[0], &0, &1_000], range);
    assert_eq!(ranges, [Range { first_number: 1, slot: 2, first_position: 1, last_position: 10 }]);
    assert_eq!(world.databases[0].changes(), 1, "numbering writes one row");
    world.act(Action::Sequence { tenant: 0, sequencer: 0 });
    let total = world.databases[0].total_changes();
    world.act(Action::Sequence { tenant: 0, sequencer: 1 });
    assert_eq!(world.databases[0].total_changes(), total, "what has numbers is left alone");
}

/// What a Worker of the version before writes takes the next position, too.
#[test]
fn events_that_come_without_a_position_are_given_one() {
    let mut world = World::new();
    world.act(Action::Write { tenant: 0, slot: 1, complaint: 1, events: 2 });
    let old = "INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash)
        SELECT ?1, ?2, value, 1, '{}', '' FROM json_each('[1,2]')";
    for (complaint, slot) in [(7, 1_u8), (8, 0), (9, 1)] {
        let id = ComplaintId::in_slot(Timestamp::MIN, &[complaint; 10], slot).to_string();
        world.databases[1].execute(old, params![TENANTS[0], id]).unwrap();
    }
    world.act(Action::Write { tenant: 0, slot: 1, complaint: 1, events: 1 });
    let sql = "SELECT slot || ':' || position FROM events ORDER BY rowid";
    let mut query = world.databases[1].prepare(sql).unwrap();
    let numbered: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(numbered, ["1:1", "1:2", "1:3", "1:4", "0:1", "0:2", "1:5", "1:6", "1:7"]);
}
