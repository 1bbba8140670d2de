//! Who may do what with a topic.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn add_permission(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn remove_permission(_call: &Call<'_>) -> Answered {
    not_built()
}
