//! What can be chosen when the service opens.

use crate::change_format::ChangeFormat;
use crate::wording::Wording;

/// What can be chosen when a [`Kv`](crate::Kv) opens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    wording: Wording,
    throttle: bool,
    change_format: Option<ChangeFormat>,
}

impl Options {
    /// In which words malformed writes are refused: those of most regions unless told otherwise.
    #[must_use]
    pub fn wording(mut self, wording: Wording) -> Self {
        self.wording = wording;
        self
    }

    /// Whether requests are refused where the capacity of tables and global indexes is exceeded: for tests of clients.
    /// Off unless asked for. A table may draw on what it has not used for 300 seconds, as the service lets it; the forms of
    /// operations that join a transaction, typed tables and the expiry of items are never refused.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html>
    #[must_use]
    pub fn throttle(mut self, throttle: bool) -> Self {
        self.throttle = throttle;
        self
    }

    /// How a change of an item is written into the Kinesis stream of its table. Without one nothing is delivered there: the
    /// format is that of whoever reads it.
    #[must_use]
    pub fn change_format(mut self, format: ChangeFormat) -> Self {
        self.change_format = Some(format);
        self
    }

    pub(crate) fn chosen_change_format(&self) -> Option<ChangeFormat> {
        self.change_format.clone()
    }

    pub(crate) fn chosen_wording(&self) -> Wording {
        self.wording
    }

    pub(crate) fn throttles(&self) -> bool {
        self.throttle
    }
}
