//! What the office's pages have in common.

use super::{
    Desk, Stop,
    api::{Answer, Refusal},
};
use crate::{
    call::Call,
    platform,
    staff::{encoded, parameter},
};
use pages::console::office::{Notice, field};
use serde::{Deserialize, de::DeserializeOwned};
use shared::{clock::day::Day, identity::csrf, ids::RequestId};

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Listed<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// A person or a team, as far as the name goes.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    #[serde(alias = "display_name")]
    pub(super) name: String,
}

/// The most pages of a list of names that are asked for, of a hundred each.
const NAME_PAGES: usize = 10;

/// Whether a form was sent.
pub(super) fn sent(desk: &Desk) -> bool {
    csrf::changes(&desk.call.incoming.head.method)
}

/// What an attempt came to: its answer; or, if whoever has asked can mend it, what stands beside their form.
pub(super) fn mendable(desk: &Desk, asked: Result<Answer, Stop>) -> Result<Result<Answer, Notice>, Stop> {
    match asked {
        Ok(answer) => Ok(Ok(answer)),
        Err(Stop::Refused(refusal)) if matches!(refusal.status, 400 | 402..=403 | 405..=499) => {
            Ok(Err(notice(&desk.call, *refusal)))
        }
        Err(stop) => Err(stop),
    }
}

fn notice(call: &Call, refusal: Refusal) -> Notice {
    let path = &call.incoming.head.path;
    let steps_up = refusal.status == 403 && refusal.detail.contains(STEP_UP);
    let (title, words) = match refusal.status {
        412 => (
            "Somebody else has changed this meanwhile".to_owned(),
            "What you have typed is still here. Save again to put it in place of theirs, or load the page anew."
                .to_owned(),
        ),
        403 if steps_up => (
            "Prove who you are first".to_owned(),
            "This needs that you have signed in within the last 10 minutes. You come back to this page.".to_owned(),
        ),
        _ => (refusal.title, refusal.detail),
    };
    Notice {
        good: false,
        title,
        words,
        errors: refusal.errors.into_iter().map(|wrong| (field(&wrong.pointer), wrong.detail)).collect(),
        step_up: if steps_up { format!("{STEP_UP}?return_to={}", encoded(path)) } else { String::new() },
    }
}

const STEP_UP: &str = "/app/step-up";

/// What was done before this page was shown, as its address says.
pub(super) fn done(desk: &Desk) -> Option<Notice> {
    Notice::done(&parameter(&desk.call, "done"))
}

/// What makes a form that is sent twice one request.
pub(super) fn fresh_key(desk: &Desk) -> String {
    RequestId::new(desk.call.now, &platform::entropy()).to_string()
}

/// The version that a form was filled in on, as `If-Match` has it; nothing if there was none.
pub(super) fn if_match(version: &str) -> String {
    if matches!(version, "" | "0") { String::new() } else { format!("\"v{version}\"") }
}

/// The beginning of a day and that of the one after it.
pub(super) fn day(text: &str, plus: i32) -> String {
    text.parse::<Day>().map_or_else(|_| text.to_owned(), |day| day.plus(plus).utc_midnight().to_string())
}

/// Every name of a list, as far as a thousand.
pub(super) async fn names(desk: &Desk, path: &str) -> Result<Vec<(String, String)>, Stop> {
    let every: Vec<Named> = every(desk, path).await?;
    Ok(every.into_iter().map(|Named { id, name }| (id, name)).collect())
}

async fn every<T: DeserializeOwned>(desk: &Desk, path: &str) -> Result<Vec<T>, Stop> {
    let (mut all, mut at) = (Vec::new(), path.to_owned());
    for _ in 0..NAME_PAGES {
        let page: Listed<T> = desk.api.get(&at).await?;
        all.extend(page.data);
        let Some(next) = page.next else { break };
        at = format!("{path}?after={}", encoded(&next));
    }
    Ok(all)
}
