//! What a firm sets, and what was set for it.

pub(crate) mod changes;
pub(crate) mod deadlines;
pub(crate) mod fields;
pub(crate) mod firm;
pub(crate) mod keys;
pub(crate) mod letters;
pub(crate) mod notifications;
mod own;
pub(crate) mod people;
pub(crate) mod sign_in;
pub(crate) mod switches;
pub(crate) mod taxonomy;
pub(crate) mod teams;
pub(crate) mod usage;
pub(crate) mod webhooks;

use super::{Desk, at_desk, office};
use crate::call::{Call, Outcome};
use pages::console::{
    office::{Notice, words},
    settings::{Overview, Settings, Tab},
    shell::{Section, Shell},
};
use shared::access::{Scope, staff::has_scope};

/// Which scope a page of settings needs to be seen, and which to be changed.
const fn scopes(tab: Tab) -> (Option<Scope>, Option<Scope>) {
    match tab {
        Tab::People | Tab::Teams | Tab::SignIn => (Some(Scope::StaffManage), Some(Scope::StaffManage)),
        Tab::Letters | Tab::Notifications | Tab::Webhooks => (Some(Scope::ComplaintsRead), Some(Scope::ComplaintsLead)),
        Tab::Deadlines | Tab::Fields | Tab::Taxonomy | Tab::Keys | Tab::Switches | Tab::Changes => {
            (Some(Scope::TenantManage), Some(Scope::TenantManage))
        }
        Tab::Usage => (Some(Scope::UsageRead), None),
        Tab::Firm => (None, Some(Scope::TenantManage)),
    }
}

fn shell(desk: &Desk) -> Shell {
    desk.shell(Section::Settings)
}

/// What every page has; `notice` comes before what the address says was done.
fn settings(desk: &Desk, tab: Option<Tab>, notice: Option<Notice>) -> Settings {
    let has = |scope: Option<Scope>| scope.is_some_and(|scope| has_scope(desk.roles(), scope));
    let seen = |tab: &Tab| scopes(*tab).0.is_none() || has(scopes(*tab).0);
    Settings {
        tabs: Tab::ALL.into_iter().filter(seen).collect(),
        tab,
        notice: notice.or_else(|| office::done(desk)),
        may_change: tab.is_some_and(|tab| has(scopes(tab).1)),
        key: office::fresh_key(desk),
    }
}

/// `GET /app/settings`
pub(crate) async fn overview(call: Call) -> Outcome {
    at_desk(call, async |desk| desk.page(&Overview { shell: shell(desk), settings: settings(desk, None, None) })).await
}

/// What an enum is called on the wire, in words.
fn code(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    words(text.trim_matches('"'))
}
