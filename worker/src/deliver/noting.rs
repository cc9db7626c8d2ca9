//! What tenants' endpoints and people are to be told of the messages of a batch: noted in the tenants' databases before the messages are
//! forgotten, for whoever forgets one sooner has lost what it says.

use super::{messages, webhooks};
use crate::{
    platform::Runtime,
    store::{
        StoreError,
        system::{DIRECTORY_SHARD, Home, SystemDb},
    },
};
use shared::{
    ids::{OutboxId, TenantId},
    notify::OutboxMessage,
    tenant::placement::ShardId,
};
use std::collections::{BTreeMap, BTreeSet};

/// The messages of which something could not be noted, with the reason.
pub(super) type NotNoted = BTreeMap<OutboxId, StoreError>;

/// Has noted whom messages are for.
pub(super) async fn note(runtime: &Runtime, messages: &[&OutboxMessage]) -> NotNoted {
    let of_shards = match at_home(runtime, messages).await {
        Ok(of_shards) => of_shards,
        Err(error) => return messages.iter().map(|message| (message.id, error.clone())).collect(),
    };
    let mut not_noted = NotNoted::new();
    for (shard, messages) in of_shards {
        let to_send = added(&messages, async |some| webhooks::note(runtime, shard, some).await, &mut not_noted).await;
        if to_send > 0 {
            webhooks::announce(runtime, shard).await;
        }
        let to_tell = added(&messages, async |some| messages::note(runtime, shard, some).await, &mut not_noted).await;
        if to_tell > 0 {
            messages::announce(runtime, shard).await;
        }
    }
    not_noted
}

/// How much was added. If the messages are refused together, each is tried alone, so that one bad message holds up no other.
async fn added(
    messages: &[&OutboxMessage],
    note: impl AsyncFn(&[&OutboxMessage]) -> Result<usize, StoreError>,
    not_noted: &mut NotNoted,
) -> usize {
    if let Ok(added) = note(messages).await {
        return added;
    }
    let mut added = 0;
    for message in messages {
        match note(&[message]).await {
            Ok(some) => added += some,
            Err(error) => _ = not_noted.insert(message.id, error),
        }
    }
    added
}

/// Messages by the shard of their tenants' first slots, of the tenants that are known.
async fn at_home<'m>(
    runtime: &Runtime,
    messages: &[&'m OutboxMessage],
) -> Result<BTreeMap<ShardId, Vec<&'m OutboxMessage>>, StoreError> {
    let mut of_shards = BTreeMap::<ShardId, Vec<&OutboxMessage>>::new();
    if messages.is_empty() {
        return Ok(of_shards);
    }
    let tenants: BTreeSet<TenantId> = messages.iter().map(|message| message.tenant).collect();
    let tenants: Vec<TenantId> = tenants.into_iter().collect();
    for Home { id, shard } in SystemDb::new(runtime.clone(), DIRECTORY_SHARD).homes(&tenants).await? {
        let its = messages.iter().copied().filter(|message| message.tenant == id);
        of_shards.entry(shard).or_default().extend(its);
    }
    Ok(of_shards)
}
