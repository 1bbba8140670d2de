//! The attributes of topics.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn get_topic_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn set_topic_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}
