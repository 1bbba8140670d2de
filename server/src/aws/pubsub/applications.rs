//! Applications of mobile platforms.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn create_platform_application(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn delete_platform_application(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn get_platform_application_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn set_platform_application_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn list_platform_applications(_call: &Call<'_>) -> Answered {
    not_built()
}
