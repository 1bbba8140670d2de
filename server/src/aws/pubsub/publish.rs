//! Publishing messages.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn publish(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn publish_batch(_call: &Call<'_>) -> Answered {
    not_built()
}
