//! Resource policies: documents that are attached to tables and to their streams. They are kept and given back; nothing is authorized by them.
//!
//! A revision is the millisecond of its change, and greater than all before it, also if the policy was removed meanwhile:
//! the row of a removed policy stays, without a document, for as long as the table.

use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::{Read, Transaction};

use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::layout::{self, TableId, attached};
use crate::model::{
    DeleteResourcePolicyOutput, DeleteResourcePolicyRequest, GetResourcePolicyOutput, GetResourcePolicyRequest,
    PutResourcePolicyOutput, PutResourcePolicyRequest,
};
use crate::record::Fields;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item, Number, codec};
use crate::{Error, Kv, Result, streams};

const MAX_ARN_CHARACTERS: usize = 1283;
const MAX_REVISION_CHARACTERS: usize = 255;
/// What is expected where no policy may be.
const NO_POLICY: &str = "NO_POLICY";

impl Kv {
    /// Attaches a policy to a table.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::ResourceNotFound`], [`Error::PolicyNotFound`] for a revision that is not the present
    /// one, and those of the engine.
    pub fn put_resource_policy(&self, request: &PutResourcePolicyRequest) -> Result<PutResourcePolicyOutput> {
        self.engine().transact(|tx| self.put_resource_policy_in(tx, request))
    }

    /// [`put_resource_policy`](Kv::put_resource_policy) in the caller's transaction.
    ///
    /// # Errors
    /// As [`put_resource_policy`](Kv::put_resource_policy).
    pub fn put_resource_policy_in(
        &self,
        tx: &mut Transaction,
        request: &PutResourcePolicyRequest,
    ) -> Result<PutResourcePolicyOutput> {
        put_in(self.catalog(), tx, request)
    }

    /// Reads the policy of a table.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::ResourceNotFound`], [`Error::PolicyNotFound`], and those of the engine.
    pub fn get_resource_policy(&self, request: &GetResourcePolicyRequest) -> Result<GetResourcePolicyOutput> {
        get(self.catalog(), &mut self.engine().latest(), request)
    }

    /// [`get_resource_policy`](Kv::get_resource_policy) in the caller's transaction.
    ///
    /// # Errors
    /// As [`get_resource_policy`](Kv::get_resource_policy).
    pub fn get_resource_policy_in(
        &self,
        tx: &mut Transaction,
        request: &GetResourcePolicyRequest,
    ) -> Result<GetResourcePolicyOutput> {
        get(self.catalog(), tx, request)
    }

    /// Removes the policy of a table.
    ///
    /// # Errors
    /// As [`put_resource_policy`](Kv::put_resource_policy).
    pub fn delete_resource_policy(&self, request: &DeleteResourcePolicyRequest) -> Result<DeleteResourcePolicyOutput> {
        self.engine().transact(|tx| self.delete_resource_policy_in(tx, request))
    }

    /// [`delete_resource_policy`](Kv::delete_resource_policy) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete_resource_policy`](Kv::delete_resource_policy).
    pub fn delete_resource_policy_in(
        &self,
        tx: &mut Transaction,
        request: &DeleteResourcePolicyRequest,
    ) -> Result<DeleteResourcePolicyOutput> {
        delete_in(self.catalog(), tx, request)
    }
}

/// What an ARN stands for.
struct Resource {
    table: Arc<TableRecord>,
    key: Vec<u8>,
}

/// What is kept of a policy.
#[derive(Debug, PartialEq, Eq)]
struct PolicyRecord {
    revision: u64,
    /// `None` once it is removed.
    document: Option<String>,
}

impl PolicyRecord {
    fn encode(&self) -> Vec<u8> {
        let mut item = Item::from([("revision".to_owned(), AttributeValue::N(Number::from(self.revision)))]);
        if let Some(document) = &self.document {
            item.insert("document".to_owned(), AttributeValue::S(document.clone()));
        }
        codec::encode(&item)
    }

    fn decode(value: &Bytes) -> Result<PolicyRecord> {
        let item = codec::decode(value).map_err(|error| layout::corrupt(attached::ATTACHED, error))?;
        let fields = Fields(&item);
        let revision = fields.number("revision").and_then(|revision| u64::try_from(revision).ok());
        Ok(PolicyRecord {
            revision: revision.ok_or_else(|| layout::corrupt(attached::ATTACHED, "a policy has no revision"))?,
            document: fields.text("document"),
        })
    }
}

fn put_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &PutResourcePolicyRequest,
) -> Result<PutResourcePolicyOutput> {
    check(&request.resource_arn, request.expected_revision_id.as_deref())?;
    check_size(&request.policy)?;
    let resource = find(catalog, tx, &request.resource_arn)?;
    let present = read(catalog, tx, &resource.key)?;
    if let Some(expected) = request.expected_revision_id.as_deref() {
        match &present {
            Some(PolicyRecord { revision, document: Some(_) }) if expected == NO_POLICY => {
                return Err(Error::PolicyNotFound {
                    message: format!(
                        "Requested policy update expecting none to be present for table {}, but a policy exists with \
                         revision id {revision}.",
                        resource.table.name
                    ),
                });
            }
            _ if expected == NO_POLICY => {}
            _ => expect(expected, present.as_ref(), &resource, &request.resource_arn)?,
        }
    }
    if let Some(PolicyRecord { revision, document: Some(document) }) = &present
        && *document == request.policy
    {
        return Ok(PutResourcePolicyOutput { revision_id: revision.to_string() });
    }
    let revision = next_revision(tx, present.as_ref());
    write(catalog, tx, &resource.key, &PolicyRecord { revision, document: Some(request.policy.clone()) })?;
    Ok(PutResourcePolicyOutput { revision_id: revision.to_string() })
}

/// Attaches the policy that a table is created with.
pub(crate) fn create_in(catalog: &Catalog, tx: &mut Transaction, table: TableId, policy: &str) -> Result<()> {
    let revision = next_revision(tx, None);
    let record = PolicyRecord { revision, document: Some(policy.to_owned()) };
    write(catalog, tx, &attached::policy_key(table, None), &record)
}

fn get(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &GetResourcePolicyRequest,
) -> Result<GetResourcePolicyOutput> {
    check(&request.resource_arn, None)?;
    let resource = find(catalog, reader, &request.resource_arn)?;
    match read(catalog, reader, &resource.key)? {
        Some(PolicyRecord { revision, document: Some(policy) }) => {
            Ok(GetResourcePolicyOutput { policy, revision_id: revision.to_string() })
        }
        _ => Err(Error::PolicyNotFound { message: request.resource_arn.clone() }),
    }
}

fn delete_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &DeleteResourcePolicyRequest,
) -> Result<DeleteResourcePolicyOutput> {
    check(&request.resource_arn, request.expected_revision_id.as_deref())?;
    let resource = find(catalog, tx, &request.resource_arn)?;
    let present = read(catalog, tx, &resource.key)?;
    if let Some(expected) = request.expected_revision_id.as_deref() {
        expect(expected, present.as_ref(), &resource, &request.resource_arn)?;
    }
    let Some(PolicyRecord { revision, document: Some(_) }) = present else {
        return Ok(DeleteResourcePolicyOutput::default());
    };
    write(catalog, tx, &resource.key, &PolicyRecord { revision, document: None })?;
    Ok(DeleteResourcePolicyOutput { revision_id: Some(revision.to_string()) })
}

/// Checks the size of a document.
pub(crate) fn check_size(policy: &str) -> Result<()> {
    let most = PutResourcePolicyRequest::MAX_POLICY_BYTES;
    if policy.len() > most {
        return Err(Error::invalid_parameters(format_args!("Maximum policy size of {most} bytes exceeded")));
    }
    Ok(())
}

fn check(arn: &str, expected: Option<&str>) -> Result<()> {
    let mut broken = Constraints::default();
    broken.length(arn, "resourceArn", 1, MAX_ARN_CHARACTERS);
    if let Some(expected) = expected {
        broken.length(expected, "expectedRevisionId", 1, MAX_REVISION_CHARACTERS);
    }
    broken.finish()
}

fn find(catalog: &Catalog, reader: &mut impl Read, arn: &str) -> Result<Resource> {
    let Some(parts) = arn.strip_prefix("arn:") else {
        return Err(Error::invalid_parameters(format_args!("ARNs must start with 'arn:': {arn}")));
    };
    // Partition, service, region, account, resource. Regions and accounts do not separate tables.
    let mut parts = parts.splitn(5, ':').skip(1);
    let (service, resource) = (parts.next(), parts.nth(2));
    let resource = resource.filter(|_| service == Some("dynamodb")).and_then(|it| it.strip_prefix("table/"));
    let other = || Error::invalid_parameters(format_args!("Provided Arn is not a DynamoDB resource arn: {arn}"));
    let mut path = resource.ok_or_else(other)?.split('/');
    let name = path.next().unwrap_or_default();
    match (path.next(), path.next(), path.next()) {
        (None, ..) => {
            let table = catalog.need_named(reader, name)?;
            let key = attached::policy_key(table.id, None);
            Ok(Resource { table, key })
        }
        (Some("stream"), Some(label), None) => {
            let table = catalog.need_named(reader, name)?;
            if !streams::is_there(catalog, reader, &table, label)? {
                return Err(Error::ResourceNotFound {
                    message: format!("Requested resource not found: Stream: {label} not found for Table: {name}"),
                });
            }
            let key = attached::policy_key(table.id, Some(label));
            Ok(Resource { table, key })
        }
        (Some("index"), Some(_), None) => Err(Error::invalid_parameters(format_args!(
            "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {arn}"
        ))),
        _ => Err(other()),
    }
}

fn read(catalog: &Catalog, reader: &mut impl Read, key: &[u8]) -> Result<Option<PolicyRecord>> {
    reader.get(&catalog.attached, key)?.as_ref().map(PolicyRecord::decode).transpose()
}

fn write(catalog: &Catalog, tx: &mut Transaction, key: &[u8], record: &PolicyRecord) -> Result<()> {
    Ok(tx.put(&catalog.attached, key.to_vec(), record.encode())?)
}

/// Refuses unless the present policy has the expected revision.
fn expect(expected: &str, present: Option<&PolicyRecord>, resource: &Resource, arn: &str) -> Result<()> {
    match present {
        Some(PolicyRecord { revision, document: Some(_) }) if revision.to_string() == expected => Ok(()),
        Some(PolicyRecord { revision, document: Some(_) }) => Err(Error::PolicyNotFound {
            message: format!(
                "Requested update for policy with revision id {expected}, but the policy associated to target table {} \
                 has revision id {revision}.",
                resource.table.name
            ),
        }),
        _ => Err(Error::PolicyNotFound { message: arn.to_owned() }),
    }
}

fn next_revision(tx: &Transaction, present: Option<&PolicyRecord>) -> u64 {
    let now = tx.clock().now().as_millis();
    present.map_or(now, |present| now.max(present.revision.saturating_add(1)))
}
