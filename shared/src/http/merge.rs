//! A page of a list that lies on several shards: each gives its own page, and the page of them all is cut from those.
//!
//! Any complaint of the whole page is among the first of its own shard, so asking each shard for as many as the page
//! holds, and one more to know whether the list goes on, is enough.

use super::cursor::{Cursor, Direction};
use crate::search::place::Position;

/// Some of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// Whether the list goes on in the direction it was walked.
    pub more: bool,
}

/// What a shard has found, newest first, and where it has ended before the end of its search, if it has.
pub type Reached<T> = (Vec<(Position, T)>, Option<Position>);

impl<T> Cut<T> {
    /// The `limit` that come first walking in `direction`, of `found`: newest first, at least one more than that if
    /// there are more.
    #[must_use]
    pub fn of(mut found: Vec<T>, direction: Direction, limit: usize) -> Self {
        let beyond = found.len().saturating_sub(limit);
        match direction {
            Direction::Forward => found.truncate(limit),
            Direction::Backward => drop(found.drain(..beyond)),
        }
        Self { items: found, more: beyond > 0 }
    }

    /// The same, of what each shard has found.
    #[must_use]
    pub fn merged(shards: Vec<Vec<(Position, T)>>, direction: Direction, limit: usize) -> Self {
        let found = newest_first(shards.into_iter().flatten().collect());
        let Cut { items, more } = Cut::of(found, direction, limit);
        Self { items: items.into_iter().map(|(_, item)| item).collect(), more }
    }
}

/// What stands at these positions, the newest first.
fn newest_first<T>(found: Vec<(Position, T)>) -> Vec<(Position, T)> {
    let order = order(found.iter().map(|(at, _)| *at).collect());
    let mut found: Vec<_> = found.into_iter().map(Some).collect();
    order.into_iter().rev().filter_map(|nth| found.get_mut(nth)?.take()).collect()
}

/// The order of these positions: which of them is the first of all, which the second, … Sorted here and nowhere else, so
/// that sorting is compiled once.
#[must_use]
pub fn order(positions: Vec<Position>) -> Vec<usize> {
    let mut numbered: Vec<_> = positions.into_iter().zip(0..).collect();
    numbered.sort_unstable();
    numbered.into_iter().map(|(_, nth)| nth).collect()
}

impl<T> Cut<T> {
    /// The same as [`Cut::merged`], of shards that may have ended their search before its end. With it, the place as far as all
    /// have looked, if the page ends there.
    #[must_use]
    pub fn reached(shards: Vec<Reached<T>>, direction: Direction, limit: usize) -> (Self, Option<Position>) {
        let reached = shards.iter().filter_map(|(_, reached)| *reached);
        let seen = match direction {
            Direction::Forward => reached.max(),
            Direction::Backward => reached.min(),
        };
        let is_seen = |at: Position| match (seen, direction) {
            (Some(seen), Direction::Forward) => at >= seen,
            (Some(seen), Direction::Backward) => at <= seen,
            (None, _) => true,
        };
        let found = shards.into_iter().map(|(found, _)| found.into_iter().filter(|(at, _)| is_seen(*at)).collect());
        let cut = Self::merged(found.collect(), direction, limit);
        let ends_there = seen.filter(|_| !cut.more);
        (Self { more: cut.more || ends_there.is_some(), ..cut }, ends_there)
    }
}

impl<T> Cut<(Position, T)> {
    /// The beginning of a list, newest first, of what each shard has found of it: as far as all have looked. With each
    /// whether it may have more.
    #[must_use]
    pub fn complete(shards: Vec<(Vec<(Position, T)>, bool)>) -> Self {
        let more = shards.iter().any(|(_, more)| *more);
        // A shard that may have more has it beyond its last.
        let last = |(found, more): &(Vec<(Position, T)>, bool)| found.last().filter(|_| *more).map(|(at, _)| *at);
        let seen = shards.iter().filter_map(last).max();
        let mut items: Vec<_> = shards.into_iter().flat_map(|(found, _)| found).collect();
        items.retain(|(at, _)| seen.is_none_or(|seen| *at >= seen));
        Self { items: newest_first(items), more }
    }
}

/// Where a list goes on from a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// Towards older complaints, if there are any.
    pub next: Option<Cursor>,
    /// Towards newer complaints, if there are any.
    pub prev: Option<Cursor>,
}

impl Turns {
    /// From a page that was reached by `cursor` (`None`: the first), of which `ends` are the newest and the oldest place
    /// (`None`: it is empty), and beyond which in that direction there are `more`. `reached`, if the search ended there, is where
    /// it goes on.
    ///
    /// Walking backward there is always the page one came from, and the other way round. Where a page has emptied since,
    /// the way on and back starts where the caller came from.
    #[must_use]
    pub fn of(
        cursor: Option<Cursor>,
        ends: Option<(Position, Position)>,
        reached: Option<Position>,
        more: bool,
    ) -> Self {
        let came_from = cursor.map(|cursor| cursor.from);
        let backward = cursor.is_some_and(|cursor| cursor.direction == Direction::Backward);
        let (older, newer) = if backward { (true, more) } else { (more, cursor.is_some()) };
        let (newest, oldest) = ends.map_or((came_from, came_from), |(newest, oldest)| (Some(newest), Some(oldest)));
        let (newest, oldest) = if backward { (reached.or(newest), oldest) } else { (newest, reached.or(oldest)) };
        let turn = |direction, from: Option<Position>| from.map(|from| Cursor { direction, from });
        Self {
            next: turn(Direction::Forward, oldest.filter(|_| older)),
            prev: turn(Direction::Backward, newest.filter(|_| newer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::ComplaintId, search::place::Place, time::Timestamp};
    use proptest::prelude::*;

    /// What a shard answers: at most `limit` places beyond the cursor, newest first.
    fn ask(shard: &[Position], cursor: Option<Cursor>, limit: usize) -> Vec<(Position, Position)> {
        let mut newest_first = shard.to_vec();
        newest_first.sort_by(|a, b| b.cmp(a));
        let beyond = |place: &&Position| match cursor {
            None => true,
            Some(Cursor { direction: Direction::Forward, from }) => **place < from,
            Some(Cursor { direction: Direction::Backward, from }) => **place > from,
        };
        let beyond: Vec<_> = newest_first.iter().filter(beyond).map(|place| (*place, *place)).collect();
        let backward = cursor.is_some_and(|cursor| cursor.direction == Direction::Backward);
        let skipped = if backward { beyond.len().saturating_sub(limit) } else { 0 };
        beyond.into_iter().skip(skipped).take(limit).collect()
    }

    fn turn(shards: &[Vec<Position>], cursor: Option<Cursor>, limit: usize) -> (Vec<Position>, Turns) {
        let found = shards.iter().map(|shard| ask(shard, cursor, limit + 1)).collect();
        let direction = cursor.map_or(Direction::Forward, |cursor| cursor.direction);
        let page = Cut::merged(found, direction, limit);
        let ends = page.items.first().copied().zip(page.items.last().copied());
        (page.items, Turns::of(cursor, ends, None, page.more))
    }

    fn sorted(shards: &[Vec<Position>]) -> Vec<Position> {
        let mut all = shards.concat();
        all.sort_by(|a, b| b.cmp(a));
        all
    }

    /// Complaints on one to five shards; many of them received in the same second.
    fn shards() -> impl Strategy<Value = Vec<Vec<Position>>> {
        let place = (0_i64..40, any::<[u8; 10]>());
        prop::collection::vec((place, 0_usize..5), 0..60).prop_map(|places| {
            let mut shards = vec![Vec::new(); 5];
            for ((at, entropy), shard) in places {
                let received_at = Timestamp::from_unix_millis(at * 1000);
                shards[shard].push(Position {
                    place: Place::first_of(received_at),
                    id: ComplaintId::in_slot(received_at, &entropy, shard as u8),
                });
            }
            shards
        })
    }

    proptest! {
        /// However many each shard gives at once, the parts are the list.
        #[test]
        fn parts_of_several_shards_are_one_list(shards in shards(), given in prop::collection::vec(1_usize..9, 1..9)) {
            let mut given = given.iter().copied().cycle();
            let (mut walked, mut from) = (Vec::new(), None);
            loop {
                let found = shards.iter().map(|shard| {
                    let limit = given.next().unwrap();
                    let cursor = from.map(|from| Cursor { direction: Direction::Forward, from });
                    let found = ask(shard, cursor, limit);
                    let more = found.len() == limit;
                    (found, more)
                });
                let part = Cut::complete(found.collect());
                prop_assert!(!part.items.is_empty() || !part.more, "every part goes on");
                walked.extend(part.items.iter().map(|(at, _)| *at));
                from = walked.last().copied();
                if !part.more {
                    break;
                }
            }
            prop_assert_eq!(walked, sorted(&shards));
        }

        /// However few each shard passes over at once, nothing is left out and nothing comes twice.
        #[test]
        fn pages_of_searches_that_end_early_are_one_list(
            shards in shards(), limit in 1_usize..9, passed_over in prop::collection::vec(1_usize..9, 1..9),
        ) {
            // In a shard no two complaints have one place.
            let alone = |mut shard: Vec<Position>| {
                shard.sort_by_key(|at| at.place);
                shard.dedup_by_key(|at| at.place);
                shard
            };
            let shards: Vec<_> = shards.into_iter().map(alone).collect();
            let is_sought = |at: &Position| at.id.to_string().bytes().map(usize::from).sum::<usize>() % 3 == 0;
            let sought: Vec<_> = sorted(&shards).into_iter().filter(is_sought).collect();
            let mut passed_over = passed_over.iter().copied().cycle();
            let mut walk = |cursor: &mut Option<Cursor>| {
                let direction = cursor.map_or(Direction::Forward, |cursor| cursor.direction);
                let looked = shards.iter().map(|shard| {
                    let most = passed_over.next().unwrap();
                    let seen = ask(shard, *cursor, most);
                    let last = if direction == Direction::Forward { seen.last() } else { seen.first() };
                    let (below, above) = last.map(|(at, _)| Position::around(at.place)).unzip();
                    let edge = if direction == Direction::Forward { below } else { above };
                    let edge = edge.filter(|_| seen.len() == most);
                    (seen.into_iter().filter(|(at, _)| is_sought(at)).collect(), edge)
                });
                let (page, reached) = Cut::reached(looked.collect(), direction, limit);
                let ends = page.items.first().copied().zip(page.items.last().copied());
                let turns = Turns::of(*cursor, ends, reached, page.more);
                *cursor = if direction == Direction::Forward { turns.next } else { turns.prev };
                page.items
            };
            let (mut walked, mut cursor) = (Vec::new(), None);
            loop {
                walked.extend(walk(&mut cursor));
                if cursor.is_none() { break }
            }
            prop_assert_eq!(&walked, &sought);
            let Some(oldest) = sought.last().copied() else { return Ok(()) };
            let (mut walked, mut cursor) = (vec![oldest], Some(Cursor { direction: Direction::Backward, from: oldest }));
            while cursor.is_some() {
                let page = walk(&mut cursor);
                walked.splice(0..0, page);
            }
            prop_assert_eq!(walked, sought);
        }

        #[test]
        fn pages_of_several_shards_are_the_pages_of_one_list(
            mut shards in shards(), limits in prop::collection::vec(1_usize..9, 1..9), late in shards(),
        ) {
            let whole = sorted(&shards);
            let mut limits = limits.iter().copied().cycle();
            let (mut walked, mut cursor) = (Vec::new(), None);
            let mut late = late.into_iter();
            loop {
                let (page, turns) = turn(&shards, cursor, limits.next().unwrap());
                prop_assert_eq!(turns.prev.is_some(), cursor.is_some());
                walked.extend_from_slice(&page);
                // What is received meanwhile is newer than what was walked: behind the cursor.
                if let (Some(newest), Some(late)) = (walked.first(), late.next()) {
                    let beyond = newest.place.to_string().parse::<i64>().unwrap() + 1;
                    let later = |at: Position| Position { place: beyond.to_string().parse().unwrap(), ..at };
                    shards[0].extend(late.into_iter().map(later));
                }
                prop_assert_eq!(turns.next.is_some(), walked.len() < whole.len());
                cursor = turns.next;
                if cursor.is_none() { break }
            }
            prop_assert_eq!(&walked, &whole);

            // And all the way back, with what has come meanwhile.
            let whole = sorted(&shards);
            let Some(oldest) = whole.last().copied() else { return Ok(()) };
            let mut walked = vec![oldest];
            let mut cursor = Some(Cursor { direction: Direction::Backward, from: oldest });
            while cursor.is_some() {
                let (page, turns) = turn(&shards, cursor, limits.next().unwrap());
                prop_assert!(turns.next.is_some());
                walked.splice(0..0, page);
                prop_assert_eq!(turns.prev.is_some(), walked.len() < whole.len());
                cursor = turns.prev;
            }
            prop_assert_eq!(walked, whole);
        }
    }

    #[test]
    fn an_emptied_page_leads_back_to_where_one_came_from() {
        let from =
            Position { place: Place::first_of(Timestamp::MIN), id: ComplaintId::in_slot(Timestamp::MIN, &[2; 10], 3) };
        let forward = Cursor { direction: Direction::Forward, from };
        let backward = Cursor { direction: Direction::Backward, from };
        assert_eq!(Turns::of(Some(forward), None, None, false), Turns { next: None, prev: Some(backward) });
        assert_eq!(Turns::of(Some(backward), None, None, false), Turns { next: Some(forward), prev: None });
        assert_eq!(Turns::of(None, None, None, false), Turns { next: None, prev: None });
    }
}
