//! Creating queues, and the checks of what a queue may be set to.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>

use std::time::Duration;

use millpond_engine::Transaction;

use crate::{
    CreateOptions, DeduplicationScope, Error, Result, Settings, layout, layout::QueueRecord, set_attributes,
    shared::Shared,
};

const MAX_NAME_CHARACTERS: usize = 80;
const FIFO_SUFFIX: &str = ".fifo";
/// How long the name of a deleted queue cannot be used.
pub(crate) const DELETED: Duration = Duration::from_secs(60);

pub(crate) fn is_fifo(name: &str) -> bool {
    name.ends_with(FIFO_SUFFIX)
}

/// What can be told without looking whether there is such a queue.
pub(crate) fn check(name: &str, options: &CreateOptions) -> Result<()> {
    check_name(name)?;
    set_attributes::check_tags(name, &options.tags)?;
    let mut settings = Settings::new(is_fifo(name));
    set_attributes::apply(&mut settings, &options.changes)
}

fn check_name(name: &str) -> Result<()> {
    let (bare, text) = match name.strip_suffix(FIFO_SUFFIX) {
        Some(bare) => (
            bare,
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
        ),
        None => (name, "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"),
    };
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if bare.is_empty() || name.len() > MAX_NAME_CHARACTERS || !bare.bytes().all(is_allowed) {
        return Err(Error::parameter(text));
    }
    Ok(())
}

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str, options: &CreateOptions) -> Result<()> {
    if let Some(found) = shared.find(tx, name)? {
        return match set_attributes::first_difference(&found.settings, &options.changes) {
            Some(attribute) => Err(Error::QueueNameExists { attribute }),
            None => Ok(()),
        };
    }
    let now = tx.began();
    let deleted = tx.get(&shared.keyspaces.queues, &layout::deleted_key(name))?;
    if let Some(deleted) = deleted {
        let deleted = millpond_engine::Timestamp::from_millis(layout::read_u64(&deleted)?);
        if shared.options.has_cooldowns() && now < deleted.saturating_add(DELETED) {
            return Err(Error::QueueDeletedRecently);
        }
        tx.delete(&shared.keyspaces.queues, layout::deleted_key(name))?;
    }
    let mut settings = Settings::new(is_fifo(name));
    set_attributes::apply(&mut settings, &options.changes)?;
    set_attributes::check_redrive(shared, tx, name, &options.changes)?;
    let record = QueueRecord {
        store: shared.new_store(tx)?,
        deduplicates_within: settings.fifo.map_or(DeduplicationScope::Queue, |fifo| fifo.deduplication_scope),
        settings,
        tags: options.tags.clone(),
        created: now,
        modified: now,
        purged: None,
    };
    shared.keep(tx, name, &record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_letters_digits_hyphens_and_underscores() {
        let longest = "n".repeat(80);
        let longest_fifo = format!("{}.fifo", "n".repeat(75));
        for name in ["a", "A-z_9", "a.fifo", &longest, &longest_fifo] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".fifo", "a.b", "a.fifo.fifo", "ä", "a b", &"n".repeat(81), &format!("n{longest_fifo}")] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
