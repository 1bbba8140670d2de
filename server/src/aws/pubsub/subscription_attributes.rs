//! The attributes of subscriptions.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn get_subscription_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn set_subscription_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}
