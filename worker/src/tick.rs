//! Cron: what time brings, and whatever an earlier request meant to do after its answer and did not get to.

use crate::{
    bulk,
    deliver::{messages, outbox, scanning, webhooks},
    gateway::directory,
    indexing, log, mail, metrics, platform,
    platform::Runtime,
    portal,
    relocate::leaving,
    side::Side,
    spool,
    store::system::{DIRECTORY_SHARD, SystemDb},
    waking,
};
use shared::{metrics::families, time::Timestamp};

const TENANTS_A_TICK: u32 = 100;

/// One minute's work. A step that fails is logged and comes again with the next tick.
pub(crate) async fn tick(runtime: &Runtime) {
    metrics::count(families::CRON_RUNS, &[Side::HERE], 1);
    // A future that is never awaited is still compiled in, so these are no ordinary conditions.
    #[cfg(feature = "middle")]
    on_complaints(runtime, platform::now()).await;
    #[cfg(feature = "courier")]
    on_messages(runtime, platform::now()).await;
    #[cfg(feature = "back")]
    on_tenants_and_webhooks(runtime, platform::now()).await;
}

async fn on_complaints(runtime: &Runtime, now: Timestamp) {
    match spool::take_turn(runtime, None).await {
        Ok(0) => {}
        Ok(logged) => log::note("spooled_logged", logged),
        Err(error) => log::fault("spool_not_read", &error),
    }
    if let Err(fault) = mail::sweep(runtime).await {
        log::fault("mails_not_found", &fault);
    }
    for shard in runtime.shards().iter() {
        match indexing::index(runtime, *shard).await {
            Ok(0) => {}
            Ok(indexed) => log::note("complaints_indexed", indexed),
            Err(error) => log::fault("complaints_not_indexed", &error),
        }
        if let Err(error) = bulk::sweep(runtime, *shard, now).await {
            log::fault("bulk_jobs_not_found", &error);
        }
        match waking::take_turn(runtime, *shard).await {
            Ok(0) => {}
            Ok(recorded) => log::note("passings_recorded", recorded),
            Err(error) => log::fault("passings_not_recorded", &error),
        }
    }
}

async fn on_messages(runtime: &Runtime, now: Timestamp) {
    for shard in runtime.shards().iter() {
        match outbox::sweep(runtime, *shard, now).await {
            Ok(0) => {}
            Ok(sent) => log::note("outbox_swept", sent),
            Err(error) => log::fault("outbox_not_swept", &error),
        }
        match scanning::sweep(runtime, *shard, now).await {
            Ok(0) => {}
            Ok(due) => log::note("files_to_see_to", due),
            Err(error) => log::fault("files_not_found", &error),
        }
    }
    if let Err(error) = messages::sweep(runtime).await {
        log::fault("messages_not_swept", &error);
    }
}

async fn on_tenants_and_webhooks(runtime: &Runtime, now: Timestamp) {
    if let Err(error) = webhooks::sweep(runtime, now).await {
        log::fault("webhooks_not_swept", &error);
    }
    match SystemDb::new(runtime.clone(), DIRECTORY_SHARD).unpublished(TENANTS_A_TICK).await {
        Ok(tenants) => {
            for tenant in tenants {
                if let Err(error) = directory::publish(runtime, tenant, now).await {
                    log::fault("directory_not_published", &error);
                }
            }
        }
        Err(error) => log::fault("directory_not_read", &error),
    }
    match portal::sweep(runtime, now).await {
        Ok(0) => {}
        Ok(gone) => log::note("portal_swept", gone),
        Err(fault) => log::fault("portal_not_swept", &fault),
    }
    leaving::tick(runtime, now).await;
}
