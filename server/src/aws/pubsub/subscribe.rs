//! Subscribing, confirming and unsubscribing.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn subscribe(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn confirm_subscription(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn unsubscribe(_call: &Call<'_>) -> Answered {
    not_built()
}
