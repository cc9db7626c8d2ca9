//! Several cells side by side, as in production: each a stack of its own, which share the tenant directory and reach each other's
//! Workers through wrangler's local registry.
//!
//! A group has a folder: one below it for each cell, `directory` (KV) and `registry`. Two groups know nothing of each other.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;

use anyhow::{Context, Result, bail};

use crate::stack::{self, Options, Stack};

/// Running cells. Dropping them stops them.
#[derive(Debug)]
pub struct Cells {
    stacks: Vec<Stack>,
    group: PathBuf,
    temporary: bool,
}

impl Cells {
    /// Starts a stack for each cell named, in the group folder `options.state`, and waits until all answer. A chosen port is the first
    /// cell's; the others have the next ones.
    pub fn start(names: &[&str], options: Options) -> Result<Cells> {
        require_free(names, &options)?;
        let Options { state: group, temporary, .. } = options.clone();
        let mut cells = Cells { stacks: Vec::new(), group, temporary };
        let started: Vec<Result<Stack>> = std::thread::scope(|threads| {
            let start = |options: Options| {
                let cell = options.cell.clone();
                Stack::start(options).with_context(|| format!("the cell {cell}"))
            };
            let starting: Vec<_> = each(names, &options).map(|each| threads.spawn(move || start(each))).collect();
            let wait = |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            starting.into_iter().map(wait).collect()
        });
        for stack in started {
            cells.stacks.push(stack?);
        }
        Ok(cells)
    }

    /// A stack by itself, in the place of several.
    pub fn of_one(options: Options) -> Result<Cells> {
        let group = options.state.clone();
        Ok(Cells { stacks: vec![Stack::start(options)?], group, temporary: false })
    }

    /// The stack of a cell.
    ///
    /// # Panics
    /// If no such cell was started.
    pub fn cell(&self, name: &str) -> &Stack {
        let stack = self.stacks.iter().find(|stack| stack.cell() == name);
        stack.unwrap_or_else(|| panic!("the cell {name} was not started"))
    }

    /// The stack of a cell, to stop, kill or restart it.
    ///
    /// # Panics
    /// If no such cell was started.
    pub fn cell_mut(&mut self, name: &str) -> &mut Stack {
        let stack = self.stacks.iter_mut().find(|stack| stack.cell() == name);
        stack.unwrap_or_else(|| panic!("the cell {name} was not started"))
    }

    /// All of them, in the order in which they were named.
    pub fn all(&self) -> &[Stack] {
        &self.stacks
    }

    /// The log of the first cell that has ended by itself.
    pub fn ended(&mut self) -> Result<Option<PathBuf>> {
        for stack in &mut self.stacks {
            if stack.ended()? {
                return Ok(Some(stack.log()));
            }
        }
        Ok(None)
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        self.stacks.clear();
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.group);
        }
    }
}

/// Refuses what is certain to fail: no cells, one twice, ports and folders in use.
pub fn require_free(names: &[&str], options: &Options) -> Result<()> {
    if names.is_empty() {
        bail!("no cell is named");
    }
    for (nth, name) in names.iter().enumerate() {
        if names.iter().skip(nth + 1).any(|other| other == name) {
            bail!("the cell {name} is named twice");
        }
    }
    each(names, options).try_for_each(|options| options.require_free())
}

/// Deletes what cells have left in a group's folder.
pub fn delete_state(group: &Path) -> Result<()> {
    for state in stack::stacks_in(group) {
        stack::delete_state(&state)?;
    }
    stack::delete_state(group)
}

/// The options of each cell.
fn each(names: &[&str], options: &Options) -> impl Iterator<Item = Options> {
    names.iter().zip(0..).map(|(name, nth)| {
        let mut each = options.clone().cell(name);
        each.state = options.state.join(name);
        each.group = Some(options.state.clone());
        each.port = options.port.map(|first| first + nth);
        each.temporary = false;
        each
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_has_a_folder_and_a_port_of_its_own() {
        let options = Options::in_state("/group".into()).port(Some(8787));
        let each: Vec<_> = each(&["eu", "us"], &options).map(|each| (each.cell, each.state, each.port)).collect();
        assert_eq!(
            each,
            [("eu".to_owned(), "/group/eu".into(), Some(8787)), ("us".to_owned(), "/group/us".into(), Some(8788)),]
        );
    }

    #[test]
    fn a_cell_named_twice_is_refused() {
        let options = Options::in_state("/group".into());
        assert_eq!(require_free(&["eu", "us", "eu"], &options).unwrap_err().to_string(), "the cell eu is named twice");
        assert!(require_free(&[], &options).is_err());
    }
}
