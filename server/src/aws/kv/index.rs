//! Secondary indexes as they are asked for and described.

use millpond::kv::{
    GlobalSecondaryIndex, GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, LocalSecondaryIndex,
    LocalSecondaryIndexDescription, Projection,
};
use serde::Serialize;

use super::{
    checks::{self, Checks},
    table::{DescribedOnDemand, DescribedWarm, Key, KeyElement, OnDemand, Provisioned, Throughput, Warm},
};
use crate::aws::json::{Failure, List, Text, members};

members! {
    Index {
        index_name: Text = "IndexName",
        key_schema: List<KeyElement> = "KeySchema",
        projection: GivenProjection = "Projection",
        provisioned_throughput: Throughput = "ProvisionedThroughput",
        on_demand_throughput: OnDemand = "OnDemandThroughput",
        warm_throughput: Warm = "WarmThroughput",
    }
}
members! {
    GivenProjection { projection_type: Text = "ProjectionType", non_key_attributes: List<Text> = "NonKeyAttributes" }
}
members! {
    // Of an update and of a deletion; what a deletion does not have is not looked at.
    Change {
        index_name: Text = "IndexName",
        provisioned_throughput: Throughput = "ProvisionedThroughput",
        on_demand_throughput: OnDemand = "OnDemandThroughput",
        warm_throughput: Warm = "WarmThroughput",
    }
}
members! {
    Update { create: Box<Index> = "Create", update: Box<Change> = "Update", delete: Box<Change> = "Delete" }
}

impl Checks {
    pub(super) fn local_indexes(
        &mut self,
        given: Option<List<Index>>,
        field: &str,
    ) -> Option<Vec<LocalSecondaryIndex>> {
        let indexes = given?.0.into_iter().zip(1..);
        let local = |index: GlobalSecondaryIndex| LocalSecondaryIndex {
            index_name: index.index_name,
            key_schema: index.key_schema,
            projection: index.projection,
        };
        let read = |(given, nth)| local(self.index(given, &format!("{field}.{nth}.member")));
        Some(indexes.map(read).collect())
    }

    pub(super) fn global_indexes(
        &mut self,
        given: Option<List<Index>>,
        field: &str,
    ) -> Option<Vec<GlobalSecondaryIndex>> {
        let indexes = given?.0.into_iter().zip(1..);
        Some(indexes.map(|(given, nth)| self.index(given, &format!("{field}.{nth}.member"))).collect())
    }

    pub(super) fn index_updates(
        &mut self,
        given: Option<List<Update>>,
    ) -> Result<Vec<GlobalSecondaryIndexUpdate>, Failure> {
        let updates = given.unwrap_or_default().0.into_iter().zip(1..);
        updates.map(|(given, nth)| self.index_update(given, nth)).collect()
    }

    fn index_update(&mut self, given: Update, nth: usize) -> Result<GlobalSecondaryIndexUpdate, Failure> {
        let field = |member: &str| format!("globalSecondaryIndexUpdates.{nth}.member.{member}");
        match (given.create, given.update, given.delete) {
            (Some(index), None, None) => Ok(GlobalSecondaryIndexUpdate::Create(self.index(*index, &field("create")))),
            (None, Some(change), None) => Ok(GlobalSecondaryIndexUpdate::Update {
                index_name: self.required(checks::text(change.index_name), &field("update.indexName")),
                provisioned_throughput: change
                    .provisioned_throughput
                    .map(|given| self.throughput(given, &field("update.provisionedThroughput"))),
                on_demand_throughput: change.on_demand_throughput.map(Into::into),
                warm_throughput: change.warm_throughput.map(Into::into),
            }),
            (None, None, Some(change)) => Ok(GlobalSecondaryIndexUpdate::Delete {
                index_name: self.required(checks::text(change.index_name), &field("delete.indexName")),
            }),
            (None, None, None) => Err(Failure::validation(
                "One or more parameter values were invalid: One of GlobalSecondaryIndexUpdate.Update, \
                 GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null",
            )),
            _ => Err(Failure::validation(
                "One or more parameter values were invalid: Only one global secondary index action is allowed per \
                 GlobalSecondaryIndexUpdate object",
            )),
        }
    }

    fn index(&mut self, given: Index, field: &str) -> GlobalSecondaryIndex {
        let index_name = self.required(checks::text(given.index_name), &format!("{field}.indexName"));
        let key_schema = self.required(given.key_schema, &format!("{field}.keySchema")).0;
        let key_schema = self.key_schema(key_schema, &format!("{field}.keySchema"));
        let projection = self.required(given.projection, &format!("{field}.projection"));
        let projection_type =
            self.choice_if_any(projection.projection_type, &format!("{field}.projection.projectionType"));
        let names = |List(names): List<Text>| names.into_iter().map(|name| name.0).collect();
        GlobalSecondaryIndex {
            index_name,
            key_schema,
            projection: Projection { projection_type, non_key_attributes: projection.non_key_attributes.map(names) },
            provisioned_throughput: given
                .provisioned_throughput
                .map(|given| self.throughput(given, &format!("{field}.provisionedThroughput"))),
            on_demand_throughput: given.on_demand_throughput.map(Into::into),
            warm_throughput: given.warm_throughput.map(Into::into),
        }
    }
}

/// What is described of every index.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described<'a> {
    index_name: &'a str,
    index_arn: String,
    key_schema: Vec<Key<'a>>,
    projection: DescribedProjection<'a>,
    item_count: u64,
    index_size_bytes: u64,
    #[serde(flatten)]
    global: Option<DescribedGlobal>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribedProjection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    projection_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    non_key_attributes: Option<&'a [String]>,
}

/// What is described of a global index besides.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedGlobal {
    index_status: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    backfilling: bool,
    provisioned_throughput: Provisioned,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_throughput: Option<DescribedOnDemand>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_throughput: Option<DescribedWarm>,
}

impl<'a> Described<'a> {
    pub(super) fn local(index: &'a LocalSecondaryIndexDescription, table_arn: &str) -> Described<'a> {
        Described {
            index_name: &index.index_name,
            index_arn: arn(table_arn, &index.index_name),
            key_schema: index.key_schema.iter().map(Key::from).collect(),
            projection: (&index.projection).into(),
            item_count: index.item_count,
            index_size_bytes: index.index_size_bytes,
            global: None,
        }
    }

    pub(super) fn global(index: &'a GlobalSecondaryIndexDescription, table_arn: &str) -> Described<'a> {
        Described {
            index_name: &index.index_name,
            index_arn: arn(table_arn, &index.index_name),
            key_schema: index.key_schema.iter().map(Key::from).collect(),
            projection: (&index.projection).into(),
            item_count: index.item_count,
            index_size_bytes: index.index_size_bytes,
            global: Some(DescribedGlobal {
                index_status: index.index_status.as_str(),
                backfilling: index.backfilling,
                provisioned_throughput: (&index.provisioned_throughput).into(),
                on_demand_throughput: index.on_demand_throughput.map(DescribedOnDemand::from),
                warm_throughput: index.warm_throughput.map(DescribedWarm::from),
            }),
        }
    }
}

impl<'a> From<&'a Projection> for DescribedProjection<'a> {
    fn from(projection: &'a Projection) -> DescribedProjection<'a> {
        DescribedProjection {
            projection_type: projection.projection_type.map(|rule| rule.as_str()),
            non_key_attributes: projection.non_key_attributes.as_deref(),
        }
    }
}

fn arn(table_arn: &str, index: &str) -> String {
    format!("{table_arn}/index/{index}")
}
