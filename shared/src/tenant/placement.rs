//! Which of a tenant's D1 databases holds a complaint.
//!
//! A tenant has up to 32 **slots**; a complaint's id and reference carry its slot for life. The directory maps
//! each slot to a shard of the tenant's home cell, so adding a shard appends a slot, and moving a tenant to
//! another cell changes the map but no id. A new complaint's slot follows from its idempotency key, so that a repeated
//! request meets its record. A slot added later takes its share of the keys: those are looked for where they were, too.

use crate::chain::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The place of a shard in a tenant's list: 0 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u8);

/// A D1 database of a cell: `DB_<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ShardId(pub u8);

impl ShardId {
    /// The binding's name in `wrangler.toml`.
    #[must_use]
    pub fn binding(self) -> String {
        format!("DB_{}", self.0)
    }
}

/// The most slots of a tenant: a complaint's id has five bits for its own.
const MAX_SLOTS: u8 = 32;

/// A tenant's shards by slot: 1 to 32, append only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ShardId>", into = "Vec<ShardId>")]
pub struct Placement(Vec<ShardId>);

/// Not 1 to 32 shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must name 1 to 32 shards")]
pub struct InvalidPlacement;

impl Placement {
    /// One shard.
    #[must_use]
    pub fn single(shard: ShardId) -> Self {
        Self(vec![shard])
    }

    /// Of `shards`, the one that `hash` falls on: where a tenant begins if nobody says. `None` if there are none.
    #[must_use]
    pub fn chosen(shards: &[ShardId], hash: u64) -> Option<Self> {
        shards.get(usize::from(jump(hash, shards.len()))).copied().map(Self::single)
    }

    /// These shards and one more, in a slot of its own.
    ///
    /// # Errors
    /// [`InvalidPlacement`] if there are 32 already.
    pub fn with(&self, shard: ShardId) -> Result<Self, InvalidPlacement> {
        Self::try_from([self.0.as_slice(), &[shard]].concat())
    }

    /// The number of slots.
    #[must_use]
    pub fn slots(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(MAX_SLOTS)
    }

    /// The slot for a new complaint, by a hash that is uniformly distributed.
    #[must_use]
    pub fn slot_for(&self, hash: u64) -> Slot {
        Slot(jump(hash, self.0.len()))
    }

    /// Where [`Placement::slot_for`] has put that hash since the tenant began with `founded_with` slots, but for where
    /// it puts it now: the oldest first.
    #[must_use]
    pub fn former_slots_for(&self, hash: u64, founded_with: u8) -> Vec<Slot> {
        let mut slots: Vec<_> =
            (usize::from(founded_with.max(1))..self.0.len()).map(|slots| Slot(jump(hash, slots))).collect();
        slots.dedup();
        slots.retain(|slot| *slot != self.slot_for(hash));
        slots
    }

    /// The shard of the first slot, which keeps what is unique among all of a tenant's complaints.
    #[must_use]
    pub fn home(&self) -> Option<ShardId> {
        self.shard(Slot(0))
    }

    /// The shard of a slot; `None` if the tenant has no such slot, so that no complaint can be there.
    #[must_use]
    pub fn shard(&self, slot: Slot) -> Option<ShardId> {
        self.0.get(usize::from(slot.0)).copied()
    }

    /// The slots that lie on a shard, in order.
    #[must_use]
    pub fn slots_of(&self, shard: ShardId) -> Vec<Slot> {
        (0..self.slots()).map(Slot).filter(|slot| self.shard(*slot) == Some(shard)).collect()
    }

    /// The shards, each once.
    #[must_use]
    pub fn shards(&self) -> Vec<ShardId> {
        let mut shards = self.0.clone();
        shards.sort_unstable();
        shards.dedup();
        shards
    }
}

/// A text's place among all texts: uniformly distributed.
#[must_use]
pub fn hash_of(text: &str) -> u64 {
    let digest = Digest::of(text.as_bytes());
    digest.as_bytes().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// Jump consistent hash (Lamping and Veach, 2014, arXiv:1406.2294): of `slots` slots, the one for a key. Each of them gets
/// the same share, and one slot more takes its share of the keys and moves no other.
fn jump(mut key: u64, slots: usize) -> u8 {
    let (mut slot, mut next) = (0, 0);
    while next < slots.min(usize::from(MAX_SLOTS)) {
        slot = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        // In whole numbers what the paper computes in floating point: (slot + 1) · 2³¹ / ((key >> 33) + 1).
        let drawn = ((slot as u64 + 1) << 31) / ((key >> 33) + 1);
        next = usize::try_from(drawn).unwrap_or(usize::MAX);
    }
    u8::try_from(slot).unwrap_or_default()
}

impl TryFrom<Vec<ShardId>> for Placement {
    type Error = InvalidPlacement;

    fn try_from(shards: Vec<ShardId>) -> Result<Self, InvalidPlacement> {
        if (1..=usize::from(MAX_SLOTS)).contains(&shards.len()) { Ok(Self(shards)) } else { Err(InvalidPlacement) }
    }
}

impl From<Placement> for Vec<ShardId> {
    fn from(placement: Placement) -> Self {
        placement.0
    }
}

impl JsonSchema for Placement {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Placement".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let items = generator.subschema_for::<ShardId>();
        schemars::json_schema!({ "type": "array", "minItems": 1, "maxItems": 32, "items": items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(slots: u8) -> Placement {
        Placement::try_from((0..slots).map(ShardId).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn new_complaints_spread_evenly_and_old_slots_stay() {
        let three = of(3);
        let keys = (0..9_000_u64).map(|key| key.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut held = [0; 3];
        keys.for_each(|key| held[usize::from(three.slot_for(key).0)] += 1);
        assert!(held.iter().all(|held| (2_800..3_200).contains(held)), "{held:?}");
        let four = three.with(ShardId(7)).unwrap();
        assert_eq!(
            [three.shard(Slot(1)), four.shard(Slot(1)), four.shard(Slot(3))],
            [1, 1, 7].map(|n| Some(ShardId(n)))
        );
        assert_eq!((three.shard(Slot(3)), four.home(), four.slots()), (None, Some(ShardId(0)), 4));
        let five = four.with(ShardId(1)).unwrap();
        assert_eq!([1, 7, 9].map(|n| five.slots_of(ShardId(n))), [vec![Slot(1), Slot(4)], vec![Slot(3)], vec![]]);
    }

    proptest! {
        #[test]
        fn one_slot_more_moves_keys_only_to_itself(key: u64, slots in 1_u8..32) {
            let (before, after) = (of(slots).slot_for(key), of(slots + 1).slot_for(key));
            prop_assert!(after == before || after == Slot(slots));
        }

        #[test]
        fn a_key_is_looked_for_wherever_it_was_put(key: u64, founded in 1_u8..=32, grown in 0_u8..32) {
            let now = of((founded + grown).min(32));
            let former = now.former_slots_for(key, founded);
            for slots in founded..=now.slots() {
                let put = of(slots).slot_for(key);
                prop_assert!(put == now.slot_for(key) || former.contains(&put));
            }
            prop_assert!(!former.contains(&now.slot_for(key)));
            prop_assert!(grown > 0 || former.is_empty());
        }
    }

    #[test]
    fn a_tenant_begins_on_any_of_the_shards() {
        let shards = [ShardId(0), ShardId(3)];
        let begun = |hash| Placement::chosen(&shards, hash).unwrap();
        let chosen: Vec<_> = (0..100).map(begun).collect();
        assert!(shards.iter().all(|shard| chosen.contains(&Placement::single(*shard))));
        assert_eq!(Placement::chosen(&[], 1), None);
    }

    #[test]
    fn a_tenant_has_a_place() {
        assert_eq!(Placement::try_from(vec![]), Err(InvalidPlacement));
        assert_eq!(Placement::try_from(vec![ShardId(0); 33]), Err(InvalidPlacement));
        assert_eq!(of(32).with(ShardId(0)), Err(InvalidPlacement));
    }
}
