//! The tags of topics.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn list_tags_for_resource(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn tag_resource(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn untag_resource(_call: &Call<'_>) -> Answered {
    not_built()
}
