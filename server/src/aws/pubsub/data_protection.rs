//! Data protection policies.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn get_data_protection_policy(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn put_data_protection_policy(_call: &Call<'_>) -> Answered {
    not_built()
}
