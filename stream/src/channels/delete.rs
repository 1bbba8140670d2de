//! Deleting channels.

use millpond_engine::{RangeRequest, Transaction};

use super::{layout, list};
use crate::{Resource, Result, attached, shared::Shared};

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, id: &str) -> Result<()> {
    let row = list::need(shared, tx, id)?;
    tx.delete(&shared.channels, layout::channel_key(id))?;
    tx.delete(&shared.channels, layout::name_key(&row.name))?;
    let places = RangeRequest::prefix(&layout::places_prefix(row.number));
    loop {
        let page = tx.range(&shared.channels, &places)?;
        for (key, _) in page.entries {
            tx.delete(&shared.channels, key)?;
        }
        if page.resume.is_none() {
            break;
        }
    }
    attached::clear(shared, tx, &Resource::Channel { id: id.to_owned() })?;
    shared.change(tx, &row.stream, |record| {
        record.channels = record.channels.saturating_sub(1);
        Ok(())
    })
}
