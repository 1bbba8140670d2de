//! What a handler says of a batch.

use bytes::Bytes;
use serde::Serialize;

use crate::{BoxError, Record};

/// What a handler says of a batch that it does not fail as a whole. `()` stands for [`Outcome::done`].
///
/// ```
/// use millpond_triggers::Outcome;
///
/// assert_eq!(Outcome::from(()), Outcome::done());
/// let outcome = Outcome::failed(["49590338271490256608559692538361571095921575989136588898"]);
/// assert_eq!(outcome.failures().len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Outcome {
    failures: Vec<String>,
    state: Option<Bytes>,
}

impl Outcome {
    /// All records are done.
    pub fn done() -> Self {
        Outcome::default()
    }

    /// These records have failed, named by [`Record::id`]. Of a stream, those before the first of them are done, and the
    /// handler is called again with it and what follows; of a queue, all others are done. The trigger has to be set to
    /// [take this](crate::TriggerBuilder::report_batch_item_failures).
    ///
    /// A handler in a transaction writes nothing for what it says has failed, nor, of a stream, for what follows: what it wrote for
    /// the records before is committed with them.
    pub fn failed<I: Into<String>>(ids: impl IntoIterator<Item = I>) -> Self {
        Outcome { failures: ids.into_iter().map(Into::into).collect(), state: None }
    }

    /// This record has failed: see [`failed`](Outcome::failed).
    pub fn failed_at(record: &Record) -> Self {
        Outcome::failed([record.id()])
    }

    /// With the state of the window so far, which the next invocation of the window is given.
    pub fn with_state(mut self, state: impl Into<Bytes>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// [`with_state`](Outcome::with_state) as JSON.
    ///
    /// # Errors
    /// Those of `serde_json`.
    pub fn with_json_state<T: Serialize>(self, state: &T) -> Result<Self, serde_json::Error> {
        Ok(self.with_state(serde_json::to_vec(state)?))
    }

    /// The records that have failed.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The state of the window.
    #[must_use]
    pub fn state(&self) -> Option<&Bytes> {
        self.state.as_ref()
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Outcome::done()
    }
}

/// The records that an outcome says have failed, by their places in the batch, in order. An outcome that cannot be understood is
/// a failure of the whole batch.
pub(crate) fn failed_places(outcome: &Outcome, records: &[Record], is_reporting: bool) -> Result<Vec<usize>, BoxError> {
    if outcome.failures.is_empty() {
        return Ok(Vec::new());
    }
    if !is_reporting {
        return Err("the handler names records that have failed, which the trigger is not set to take".into());
    }
    let place = |id: &String| records.iter().position(|record| record.id() == id);
    let mut places = Vec::new();
    for id in &outcome.failures {
        places.push(place(id).ok_or_else(|| format!("the handler names {id:?}, which is not in the batch"))?);
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}
