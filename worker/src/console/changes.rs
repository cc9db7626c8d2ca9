//! `GET /app/changes?since=`: which complaints have changed, for a page that is looked at. What has happened to them it does not say.

use super::at_desk;
use crate::{
    call::{Call, Outcome, Reply},
    staff::{encoded, parameter},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// For how many seconds the API waits for something new.
const WAIT: u32 = 20;

#[derive(Deserialize)]
struct ChangePage {
    data: Vec<Change>,
    next: String,
}

#[derive(Deserialize)]
struct Change {
    complaint: String,
}

#[derive(Serialize)]
struct Changed {
    next: String,
    complaints: BTreeSet<String>,
}

/// `GET /app/changes?since=`: without `since`, where the feed is now.
pub(crate) async fn follow(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let since = parameter(&desk.call, "since");
        let path = match since.as_str() {
            "" => "/v1/changes?since=latest&limit=1".to_owned(),
            since => format!("/v1/changes?since={}&limit=200&wait={WAIT}", encoded(since)),
        };
        let ChangePage { data, next } = desk.api.get(&path).await?;
        let changed = Changed { next, complaints: data.into_iter().map(|change| change.complaint).collect() };
        Ok(Reply::json(200, &changed)?.header("cache-control", "no-store".to_owned()))
    })
    .await
}
