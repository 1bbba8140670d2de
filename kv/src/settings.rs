//! Checks of what tables and indexes are set to: their capacity and encryption.

use crate::constraints::Constraints;
use crate::model::{BillingMode, OnDemandThroughput, ProvisionedThroughput, SseSpecification, SseType};
use crate::{Error, Result};

const MAX_CAPACITY_UNITS: i64 = 1_000_000_000_000;
/// The longest identifier of a key that the key service takes is an ARN.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>
const MAX_KMS_KEY_CHARACTERS: usize = 2048;
/// The value that takes away a cap.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_OnDemandThroughput.html>
const LIFTED: i64 = -1;

/// Checks the bounds of provisioned units.
pub(crate) fn check_throughput_values(
    constraints: &mut Constraints,
    throughput: Option<ProvisionedThroughput>,
    field: &str,
) {
    let Some(throughput) = throughput else { return };
    let at_least_one = "Member must have value greater than or equal to 1";
    for (value, unit) in
        [(throughput.write_capacity_units, "writeCapacityUnits"), (throughput.read_capacity_units, "readCapacityUnits")]
    {
        if value < 1 {
            constraints.breaks(value, &format!("{field}.{unit}"), at_least_one);
        }
    }
}

/// Checks the key that a request names for encryption.
pub(crate) fn check_sse_key(constraints: &mut Constraints, sse: Option<&SseSpecification>) {
    if let Some(key) = sse.and_then(|sse| sse.kms_master_key_id.as_deref()) {
        constraints.length(key, "sSESpecification.kMSMasterKeyId", 1, usize::MAX);
    }
}

/// Checks the settings of encryption, which are kept and shown, no more.
pub(crate) fn check_sse(sse: Option<&SseSpecification>) -> Result<()> {
    let Some(sse) = sse else { return Ok(()) };
    let key = sse.kms_master_key_id.as_deref();
    let text = match (sse.enabled, sse.sse_type) {
        (Some(false), Some(_)) => "SSEType can not be specified if Enabled is false",
        (Some(false), None) if key.is_some() => "KMSMasterKeyId can not be specified if Enabled is false",
        (_, Some(SseType::Aes256)) => "SSEType AES256 is not supported",
        (_, None) if key.is_some() => "SSEType KMS is required if KMSMasterKeyId is specified",
        _ if key.is_some_and(|key| key.chars().count() > MAX_KMS_KEY_CHARACTERS) => {
            return Err(Error::invalid_parameters(format_args!(
                "KMSMasterKeyId must have at most {MAX_KMS_KEY_CHARACTERS} characters"
            )));
        }
        _ => return Ok(()),
    };
    Err(Error::invalid_parameters(text))
}

/// Checks the caps of what is billed by use: for the billing mode, and above zero. `of` is `table` or `index : name`.
pub(crate) fn check_on_demand(mode: BillingMode, caps: Option<OnDemandThroughput>, of: &str) -> Result<()> {
    let Some(caps) = caps else { return Ok(()) };
    for (cap, name) in
        [(caps.max_read_request_units, "MaxReadRequestUnits"), (caps.max_write_request_units, "MaxWriteRequestUnits")]
    {
        let Some(cap) = cap else { continue };
        if mode == BillingMode::Provisioned {
            let of_index = if of == "table" { String::new() } else { format!(" for {of}") };
            return Err(Error::invalid_parameters(format_args!(
                "{name} for OnDemandThroughput{of_index} cannot be specified when the table BillingMode is PROVISIONED"
            )));
        }
        if cap < 1 {
            return Err(Error::invalid_parameters(format_args!(
                "Requested {name} for OnDemandThroughput for {of} is outside of valid range"
            )));
        }
    }
    Ok(())
}

/// What is left of caps after a change of them, in which -1 lifts one.
///
/// # Errors
/// As [`check_on_demand`].
pub(crate) fn change_on_demand(
    mode: BillingMode,
    present: Option<OnDemandThroughput>,
    change: Option<OnDemandThroughput>,
    of: &str,
) -> Result<Option<OnDemandThroughput>> {
    let Some(change) = change else { return Ok(present) };
    let present = present.unwrap_or_default();
    let lifted = |cap: Option<i64>| cap.filter(|cap| *cap != LIFTED);
    let given = OnDemandThroughput {
        max_read_request_units: lifted(change.max_read_request_units),
        max_write_request_units: lifted(change.max_write_request_units),
    };
    check_on_demand(mode, Some(given), of)?;
    let cap = |change: Option<i64>, present| if change.is_some() { lifted(change) } else { present };
    let caps = OnDemandThroughput {
        max_read_request_units: cap(change.max_read_request_units, present.max_read_request_units),
        max_write_request_units: cap(change.max_write_request_units, present.max_write_request_units),
    };
    Ok((caps != OnDemandThroughput::default()).then_some(caps))
}

/// Checks that provisioned units are given where, and only where, the billing mode has them.
pub(crate) fn check_throughput(mode: BillingMode, throughput: Option<ProvisionedThroughput>) -> Result<()> {
    match (mode, throughput) {
        (BillingMode::PayPerRequest, Some(_)) => Err(Error::invalid_parameters(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        (BillingMode::Provisioned, None) => Err(Error::invalid_parameters(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        )),
        (BillingMode::PayPerRequest, None) => Ok(()),
        (BillingMode::Provisioned, Some(throughput)) => {
            for (value, name) in [
                (throughput.read_capacity_units, "ReadCapacityUnits"),
                (throughput.write_capacity_units, "WriteCapacityUnits"),
            ] {
                if value > MAX_CAPACITY_UNITS {
                    return Err(Error::validation(format!("Given value {value} for {name} is out of bounds")));
                }
            }
            Ok(())
        }
    }
}
