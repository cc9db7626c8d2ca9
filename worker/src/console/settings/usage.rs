//! What the plan allows: `/v1/usage`.

use super::{settings, shell};
use crate::{
    call::{Call, Outcome},
    console::{Desk, Shown, at_desk},
};
use pages::console::{
    office::{bytes, words},
    settings::{
        Tab,
        usage::{Line, Usage, percent, quota, window},
    },
    words::number,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Held {
    plan: String,
    quotas: Vec<Quota>,
    windows: Vec<Window>,
}

#[derive(Deserialize)]
struct Quota {
    quota: String,
    used: u64,
    limit: u64,
    warning: bool,
    exceeded: bool,
}

#[derive(Deserialize)]
struct Window {
    policy: String,
    limit: u64,
    remaining: u64,
}

/// `GET /app/settings/usage`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let held: Held = desk.api.get("/v1/usage").await?;
    desk.page(&Usage {
        shell: shell(desk),
        settings: settings(desk, Some(Tab::Usage), None),
        plan: words(&held.plan),
        quotas: held.quotas.into_iter().map(of_quota).collect(),
        windows: held.windows.into_iter().map(of_window).collect(),
    })
}

fn of_quota(Quota { quota: of, used, limit, warning, exceeded }: Quota) -> Line {
    let say = |n| if of == "storage_bytes" { bytes(n) } else { number(n) };
    let warning = match (exceeded, warning) {
        (true, _) => "More is used than your plan includes.",
        (false, true) => "Nearly all is used.",
        (false, false) => "",
    };
    Line { name: quota(&of), used: say(used), limit: say(limit), percent: percent(used, limit), warning }
}

fn of_window(Window { policy, limit, remaining }: Window) -> Line {
    let used = limit.saturating_sub(remaining);
    Line { name: window(&policy), used: number(used), limit: number(limit), percent: percent(used, limit), warning: "" }
}
