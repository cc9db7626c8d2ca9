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
use serde_json::Value;
use shared::{clock::day::Day, identity::csrf, ids::RequestId};

/// A member of an object; null if there is none.
pub(super) fn within<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A text of an object; empty if there is none.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    within(value, name).as_str().unwrap_or_default()
}

/// A list of an object; empty if there is none.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    within(value, name).as_array().map_or(&[], Vec::as_slice)
}

/// The texts of such a list.
pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    list(value, name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether an object says so.
pub(super) fn says(value: &Value, name: &str) -> bool {
    within(value, name).as_bool().unwrap_or_default()
}

/// A whole number of an object; 0 if there is none.
pub(super) fn number(value: &Value, name: &str) -> u64 {
    within(value, name).as_u64().unwrap_or_default()
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

/// Every id and name of a list of people or teams, as far as a thousand.
pub(super) async fn names(desk: &Desk, path: &str) -> Result<Vec<(String, String)>, Stop> {
    let (mut all, mut at) = (Vec::new(), path.to_owned());
    for _ in 0..NAME_PAGES {
        let page: Value = desk.api.get(&at).await?;
        all.extend(list(&page, "data").iter().map(|one| {
            let name = if within(one, "display_name").is_null() { "name" } else { "display_name" };
            (text(one, "id").to_owned(), text(one, name).to_owned())
        }));
        let next = text(&page, "next");
        if next.is_empty() {
            break;
        }
        at = format!("{path}?after={}", encoded(next));
    }
    Ok(all)
}
