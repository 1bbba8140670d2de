//! Endpoints of mobile devices.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn create_platform_endpoint(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn delete_endpoint(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn get_endpoint_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn set_endpoint_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn list_endpoints_by_platform_application(_call: &Call<'_>) -> Answered {
    not_built()
}
