//! A complaint's place in lists and in the full-text index, which gives its matches in the order of places.

use crate::{ids::ComplaintId, time::Timestamp};
use std::{fmt, str::FromStr};

/// Bits of a place below its second: one in 2³¹ of two complaints of the same second collides.
const BITS: u32 = 31;

/// Where a complaint stands: later seconds of receipt are higher, and within a second the order is arbitrary but fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(i64);

impl Place {
    /// The place of a complaint. Where it is taken by another, the next `draw` gives a new one.
    #[must_use]
    pub fn of(received_at: Timestamp, id: ComplaintId, draw: u32) -> Self {
        let second = Self::first_of(received_at).0;
        // FNV-1a, 64 bits (draft-eastlake-fnv): short, and spreads ids that follow each other.
        let bytes = id.to_string().into_bytes().into_iter().chain(draw.to_be_bytes());
        let hash = bytes
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self(second | i64::from((hash >> 32) as u32 >> (32 - BITS)))
    }

    /// The lowest place of the moment's second. Moments before 1833 and after 2106 are taken for those years.
    #[must_use]
    pub fn first_of(moment: Timestamp) -> Self {
        let farthest = i64::from(u32::MAX);
        Self(moment.unix_millis().div_euclid(1000).clamp(-farthest, farthest) << BITS)
    }

    /// The highest place of the moment's second.
    #[must_use]
    pub fn last_of(moment: Timestamp) -> Self {
        Self(Self::first_of(moment).0 | ((1 << BITS) - 1))
    }

    /// Where a complaint stands in the list of what is due, in which the soonest comes where the newest does in others.
    #[must_use]
    pub const fn of_due(at: Timestamp) -> Self {
        Self(-at.unix_millis())
    }
}

/// Places are wider than JavaScript's whole numbers: between the Worker and D1 they are text.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Place {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A place in the order of lists: places, and where two databases have the same one, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The place.
    pub place: Place,
    /// The complaint that stands there.
    pub id: ComplaintId,
}

impl Position {
    /// Below every complaint at a place, and above it.
    #[must_use]
    pub fn around(place: Place) -> (Self, Self) {
        (Self { place, id: ComplaintId::LEAST }, Self { place, id: ComplaintId::GREATEST })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.id)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (place, id) = text.split_once(' ').ok_or(())?;
        Ok(Self { place: place.parse().map_err(|_| ())?, id: id.parse().map_err(|_| ())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A list goes on from there, so a cursor has to be able to say it.
    #[test]
    fn what_is_around_a_place_is_read_back() {
        let place = Place::first_of(Timestamp::from_unix_millis(1_790_000_000_000));
        let (below, above) = Position::around(place);
        for edge in [below, above] {
            assert_eq!(edge.to_string().parse(), Ok(edge));
        }
        for entropy in [[0; 10], [0xff; 10]] {
            let at = Position { place, id: ComplaintId::in_slot(Timestamp::from_unix_millis(1), &entropy, 7) };
            assert!(below < at && at < above);
        }
    }

    proptest! {
        #[test]
        fn places_are_in_the_order_of_seconds(
            a in -4_000_000_000_000_i64..4_294_967_000_000, b in -4_000_000_000_000_i64..4_294_967_000_000, entropy: [u8; 10],
        ) {
            let [a, b] = [a, b].map(Timestamp::from_unix_millis);
            let id = ComplaintId::in_slot(a, &entropy, 3);
            let [at_a, at_b] = [Place::of(a, id, 0), Place::of(b, id, 1)];
            if a.unix_millis().div_euclid(1000) < b.unix_millis().div_euclid(1000) {
                prop_assert!(at_a < at_b);
            }
            prop_assert!(Place::first_of(a) <= at_a && at_a <= Place::last_of(a));
            let position = Position { place: at_a, id };
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }
    }

    #[test]
    fn complaints_of_one_second_seldom_collide() {
        let now = Timestamp::from_unix_millis(1_790_000_000_123);
        let ids = (0..20_000_u16).map(|n| {
            let [high, low] = n.to_be_bytes();
            ComplaintId::in_slot(now, &[7, 7, 7, 7, 7, high, low, 7, 7, 7], 0)
        });
        let mut places: Vec<_> = ids.map(|id| Place::of(now, id, 0)).collect();
        places.sort();
        places.dedup();
        assert!(places.len() >= 19_998, "{}", places.len());
        let id = ComplaintId::in_slot(now, &[7; 10], 0);
        assert_ne!(Place::of(now, id, 0), Place::of(now, id, 1));
    }
}
