//! The sandbox of text messages.

use super::{Answered, failure::not_built};
use crate::aws::Call;

pub(super) fn create_sms_sandbox_phone_number(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn delete_sms_sandbox_phone_number(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn verify_sms_sandbox_phone_number(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn list_sms_sandbox_phone_numbers(_call: &Call<'_>) -> Answered {
    not_built()
}

pub(super) fn get_sms_sandbox_account_status(_call: &Call<'_>) -> Answered {
    not_built()
}
