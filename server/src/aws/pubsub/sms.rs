//! Text messages: settings and numbers that opted out.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn check_if_phone_number_is_opted_out(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn get_sms_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn set_sms_attributes(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn list_phone_numbers_opted_out(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn opt_in_phone_number(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn list_origination_numbers(_call: &Call<'_>) -> Answered {
    not_built()
}
