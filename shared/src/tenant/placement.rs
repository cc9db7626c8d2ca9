//! Which of a tenant's D1 databases holds a complaint.
//!
//! A tenant has up to 32 **slots**; a complaint's id and reference carry its slot for life. The directory maps
//! each slot to a shard of the tenant's home cell, so adding a shard appends a slot, and moving a tenant to
//! another cell changes the map but no id.

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

    /// The slot for a new complaint, by a hash that is uniformly distributed.
    #[must_use]
    pub fn slot_for(&self, random: u32) -> Slot {
        let slots = u32::try_from(self.0.len()).unwrap_or(1).max(1);
        Slot(u8::try_from(random % slots).unwrap_or_default())
    }

    /// The shard of a slot; `None` if the tenant has no such slot, so that no complaint can be there.
    #[must_use]
    pub fn shard(&self, slot: Slot) -> Option<ShardId> {
        self.0.get(usize::from(slot.0)).copied()
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

impl TryFrom<Vec<ShardId>> for Placement {
    type Error = InvalidPlacement;

    fn try_from(shards: Vec<ShardId>) -> Result<Self, InvalidPlacement> {
        if (1..=32).contains(&shards.len()) { Ok(Self(shards)) } else { Err(InvalidPlacement) }
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

    #[test]
    fn new_complaints_spread_evenly_and_old_slots_stay() {
        let two = Placement::try_from(vec![ShardId(0), ShardId(1)]).unwrap();
        let in_second = (0..10_000).filter(|random| two.slot_for(*random) == Slot(1)).count();
        assert_eq!(in_second, 5_000);
        let three = Placement::try_from(vec![ShardId(0), ShardId(1), ShardId(4)]).unwrap();
        assert_eq!([two.shard(Slot(1)), three.shard(Slot(1))], [Some(ShardId(1)); 2]);
        assert_eq!(two.shard(Slot(2)), None);
    }

    #[test]
    fn a_tenant_has_a_place() {
        assert_eq!(Placement::try_from(vec![]), Err(InvalidPlacement));
        assert_eq!(Placement::try_from(vec![ShardId(0); 33]), Err(InvalidPlacement));
    }
}
