//! Requests and outputs of the operations on resource policies.

/// Attaches a policy to a table or a stream, in the place of the one it has. It is kept and given back; nothing is
/// authorized by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutResourcePolicyRequest {
    /// The table's or the stream's ARN, 1 to 1,283 characters.
    pub resource_arn: String,
    /// The document, up to [`MAX_POLICY_BYTES`](Self::MAX_POLICY_BYTES), opaque here: one that is equal to the present one,
    /// byte by byte, changes nothing. What it means is the caller's matter.
    pub policy: String,
    /// The revision that is to be replaced, 1 to 255 characters; `NO_POLICY` if there must be none.
    pub expected_revision_id: Option<String>,
}

impl PutResourcePolicyRequest {
    /// The longest document.
    ///
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html>
    pub const MAX_POLICY_BYTES: usize = 20_480;
}

/// What [`PutResourcePolicyRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutResourcePolicyOutput {
    /// The policy's revision: that of the present one if nothing was changed.
    pub revision_id: String,
}

/// Reads the policy of a table or a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetResourcePolicyRequest {
    /// The table's or the stream's ARN.
    pub resource_arn: String,
}

/// A policy and its revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetResourcePolicyOutput {
    /// The document.
    pub policy: String,
    /// Its revision.
    pub revision_id: String,
}

/// Removes the policy of a table or a stream. Where there is none, that is no error unless a revision is expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteResourcePolicyRequest {
    /// The table's or the stream's ARN.
    pub resource_arn: String,
    /// The revision that is to be removed, 1 to 255 characters.
    pub expected_revision_id: Option<String>,
}

/// What [`DeleteResourcePolicyRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteResourcePolicyOutput {
    /// The revision that was removed; `None` if there was none.
    pub revision_id: Option<String>,
}
