//! Making and deleting topics.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn create_topic(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn delete_topic(_call: &Call<'_>) -> Answered {
    not_built()
}
