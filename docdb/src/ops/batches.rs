//! Operations on many documents, in transactions that stay within the engine's limits.

use millpond_engine::Transaction;

use crate::{
    error::{Error, Result},
    ops::Runner,
};

/// How many documents go into one transaction, and about how many bytes of them.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 4 << 20;

/// Does something with each item, with as many of them in one transaction as fit into it. `one` says how many bytes it has written;
/// what it adds up counts if its transaction commits.
pub(crate) fn in_batches<I, T: Default>(
    runner: &mut Runner<'_>,
    items: &[I],
    mut commit: impl FnMut(T),
    mut one: impl FnMut(&mut Transaction, &I, &mut T) -> Result<usize>,
) -> Result<()> {
    let (mut rest, mut most) = (items, BATCH);
    while !rest.is_empty() {
        let done = runner.transact(|tx| {
            let (mut sum, mut count, mut bytes) = (T::default(), 0, 0);
            for item in rest.iter().take(most) {
                bytes += one(tx, item, &mut sum)?;
                count += 1;
                if bytes >= BATCH_BYTES {
                    break;
                }
            }
            Ok((sum, count))
        });
        match done {
            Ok((sum, count)) => {
                commit(sum);
                rest = rest.get(count..).unwrap_or_default();
            }
            // Documents may have more keys in indexes than their bytes tell.
            Err(error) if is_too_large(&error) && most > 1 => most = most.min(rest.len()) / 2,
            Err(error) => return Err(error),
        }
        most = most.max(1);
    }
    Ok(())
}

/// Whether what was written is more than the engine takes; less of it may be taken.
pub(crate) fn is_too_large(error: &Error) -> bool {
    use millpond_engine::Error as Engine;
    matches!(
        error,
        Error::Engine(Engine::TransactionTooLarge { .. } | Engine::KeyTooLarge { .. } | Engine::ValueTooLarge { .. })
    )
}

/// Whether all of an operation is over, and not only one of its statements: one that writes too much is refused by itself.
pub(crate) fn ends_all(error: &Error) -> bool {
    matches!(error, Error::Engine(_)) && !is_too_large(error)
}
