//! Cron: complaints that the text index does not have yet, as after a migration that brought it or changed its tokens.

use crate::{
    platform::Runtime,
    store::{
        StoreError, TenantDb,
        history::Span,
        system::{SystemDb, Unindexed},
    },
};
use shared::{complaint::event::Event, tenant::placement::ShardId};

/// How many complaints of a shard a tick indexes.
const A_TICK: u32 = 200;

/// Indexes some of what is not, and says how many.
pub(crate) async fn index(runtime: &Runtime, shard: ShardId) -> Result<u32, StoreError> {
    let mut indexed = 0;
    for Unindexed { tenant, id } in SystemDb::new(runtime.clone(), shard).not_indexed(A_TICK).await? {
        let db = TenantDb::new(runtime.clone(), shard, tenant);
        let tokens = db.tokens();
        let mut words = String::new();
        let said = |event: &Event| words.push_str(&tokens.texts(std::iter::once(&event.body)));
        let complaint = db.fold(id, Span::ALL, said).await?;
        if let Some(complaint) = complaint {
            let likeness = tokens.likeness(&complaint);
            db.index(id, complaint.version, &words, &likeness, &tokens.labels(&complaint, None)).await?;
            indexed += 1;
        }
    }
    Ok(indexed)
}
