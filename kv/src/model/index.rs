//! Secondary indexes as they are asked for and described.

use super::{
    IndexStatus, KeySchemaElement, OnDemandThroughput, ProjectionType, ProvisionedThroughput,
    ProvisionedThroughputDescription, WarmThroughput,
};

/// Which attributes are copied into an index, besides the keys of the table and of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// The rule. Required.
    pub projection_type: Option<ProjectionType>,
    /// The attributes of `Include`, 1 to 20; at most 100 over all indexes of a table.
    pub non_key_attributes: Option<Vec<String>>,
}

/// A local secondary index as asked for: another order of the items under each partition key.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalSecondaryIndex {
    /// The index's name, 3 to 255 of `a-z A-Z 0-9 _ . -`.
    pub index_name: String,
    /// The table's partition key and another sort key.
    pub key_schema: Vec<KeySchemaElement>,
    /// What it copies.
    pub projection: Projection,
}

/// A global secondary index as asked for: the items under another key, which need not be unique and which items may lack.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GlobalSecondaryIndex {
    /// The index's name, 3 to 255 of `a-z A-Z 0-9 _ . -`.
    pub index_name: String,
    /// Its partition key and, optionally, its sort key.
    pub key_schema: Vec<KeySchemaElement>,
    /// What it copies.
    pub projection: Projection,
    /// Required with provisioned billing, refused otherwise.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// Bounds on demand.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Pre-warmed capacity.
    pub warm_throughput: Option<WarmThroughput>,
}

/// A change of the global secondary indexes of a table that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GlobalSecondaryIndexUpdate {
    /// Adds an index, and fills it with the items that are there.
    Create(GlobalSecondaryIndex),
    /// Changes the capacity of an index.
    Update {
        /// The index.
        index_name: String,
        /// Its new provisioned capacity.
        provisioned_throughput: Option<ProvisionedThroughput>,
        /// Its new bounds on demand.
        on_demand_throughput: Option<OnDemandThroughput>,
        /// Its new pre-warmed capacity.
        warm_throughput: Option<WarmThroughput>,
    },
    /// Removes an index.
    Delete {
        /// The index.
        index_name: String,
    },
}

impl GlobalSecondaryIndexUpdate {
    /// The index that changes.
    #[must_use]
    pub fn index_name(&self) -> &str {
        match self {
            Self::Create(index) => &index.index_name,
            Self::Update { index_name, .. } | Self::Delete { index_name } => index_name,
        }
    }
}

/// A local secondary index as described.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalSecondaryIndexDescription {
    /// The index's name.
    pub index_name: String,
    /// Its key.
    pub key_schema: Vec<KeySchemaElement>,
    /// What it copies.
    pub projection: Projection,
    /// How many items it holds; as fresh as the table's count.
    pub item_count: u64,
    /// Their size by DynamoDB's rule; as fresh as the table's count.
    pub index_size_bytes: u64,
}

/// A global secondary index as described.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GlobalSecondaryIndexDescription {
    /// The index's name.
    pub index_name: String,
    /// Its key.
    pub key_schema: Vec<KeySchemaElement>,
    /// What it copies.
    pub projection: Projection,
    /// The state.
    pub index_status: IndexStatus,
    /// Whether it is still being filled with the items that were there before it; only then can it not be read.
    pub backfilling: bool,
    /// Provisioned capacity.
    pub provisioned_throughput: ProvisionedThroughputDescription,
    /// Bounds on demand.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Pre-warmed capacity.
    pub warm_throughput: Option<WarmThroughput>,
    /// How many items it holds; as fresh as the table's count.
    pub item_count: u64,
    /// Their size by DynamoDB's rule; as fresh as the table's count.
    pub index_size_bytes: u64,
}
