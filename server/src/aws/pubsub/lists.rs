//! Lists of topics and subscriptions.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn list_topics(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn list_subscriptions(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn list_subscriptions_by_topic(_call: &Call<'_>) -> Answered {
    not_built()
}
