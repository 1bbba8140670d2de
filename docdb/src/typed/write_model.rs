//! The writes of [`Docdb::bulk_write_models`](crate::Docdb::bulk_write_models).

use bson::{Bson, Document, RawDocumentBuf};
use typed_builder::TypedBuilder;

use crate::{
    action::{check_operators, check_replacement, documents},
    error::{Code, Result, refuse},
    model::{BulkWriteStatement, DeleteStatement, Hint, Namespace, UpdateStatement},
    update::UpdateModifications,
};

/// One of several writes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WriteModel {
    /// An insert.
    InsertOne(InsertOneModel),
    /// An update of the first document that matches.
    UpdateOne(UpdateOneModel),
    /// An update of all documents that match.
    UpdateMany(UpdateManyModel),
    /// A replacement of the first document that matches.
    ReplaceOne(ReplaceOneModel),
    /// A delete of the first document that matches.
    DeleteOne(DeleteOneModel),
    /// A delete of all documents that match.
    DeleteMany(DeleteManyModel),
}

macro_rules! models {
    ($($(#[$doc:meta])* $model:ident => $variant:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty $(= $default:ident)?,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, TypedBuilder)]
            #[builder(field_defaults(setter(into)))]
            #[non_exhaustive]
            pub struct $model {
                /// The collection.
                pub namespace: Namespace,
                $($(#[$field_doc])* $(#[builder($default)])? pub $field: $type,)*
            }

            impl From<$model> for WriteModel {
                fn from(model: $model) -> WriteModel {
                    WriteModel::$variant(model)
                }
            }
        )*
    };
}

models! {
    /// An insert.
    InsertOneModel => InsertOne {
        /// The document. Without `_id` it gets one.
        document: Document,
    }
    /// An update of the first document that matches.
    UpdateOneModel => UpdateOne {
        /// What it must match.
        filter: Document,
        /// A document of operators, or an array of a pipeline's stages.
        update: Bson,
        /// Which items of arrays `$[name]` stands for.
        array_filters: Option<Vec<Document>> = default,
        /// How strings are compared.
        collation: Option<Document> = default,
        /// Which index to use.
        hint: Option<Hint> = default,
        /// Insert a document if none matches.
        upsert: Option<bool> = default,
        /// Which one: the first in this order.
        sort: Option<Document> = default,
    }
    /// An update of all documents that match.
    UpdateManyModel => UpdateMany {
        /// What they must match.
        filter: Document,
        /// A document of operators, or an array of a pipeline's stages.
        update: Bson,
        /// Which items of arrays `$[name]` stands for.
        array_filters: Option<Vec<Document>> = default,
        /// How strings are compared.
        collation: Option<Document> = default,
        /// Which index to use.
        hint: Option<Hint> = default,
        /// Insert a document if none matches.
        upsert: Option<bool> = default,
    }
    /// A replacement of the first document that matches.
    ReplaceOneModel => ReplaceOne {
        /// What it must match.
        filter: Document,
        /// The document in its place. It keeps the `_id`.
        replacement: Document,
        /// How strings are compared.
        collation: Option<Document> = default,
        /// Which index to use.
        hint: Option<Hint> = default,
        /// Insert the document if none matches.
        upsert: Option<bool> = default,
        /// Which one: the first in this order.
        sort: Option<Document> = default,
    }
    /// A delete of the first document that matches.
    DeleteOneModel => DeleteOne {
        /// What it must match.
        filter: Document,
        /// How strings are compared.
        collation: Option<Document> = default,
        /// Which index to use.
        hint: Option<Hint> = default,
    }
    /// A delete of all documents that match.
    DeleteManyModel => DeleteMany {
        /// What they must match.
        filter: Document,
        /// How strings are compared.
        collation: Option<Document> = default,
        /// Which index to use.
        hint: Option<Hint> = default,
    }
}

impl WriteModel {
    /// The statement of a `bulkWrite` that it is.
    pub(crate) fn statement(self) -> Result<BulkWriteStatement> {
        Ok(match self {
            WriteModel::InsertOne(InsertOneModel { namespace, document }) => {
                BulkWriteStatement::Insert { namespace, document: document.try_into()? }
            }
            WriteModel::UpdateOne(UpdateOneModel {
                namespace,
                filter,
                update,
                array_filters,
                collation,
                hint,
                upsert,
                sort,
            }) => {
                let update = updating(filter, modifications(update)?, collation, hint, upsert)?;
                let array_filters = documents(array_filters.into_iter().flatten())?;
                let update = UpdateStatement { array_filters, sort: raw(sort)?, ..update };
                BulkWriteStatement::Update { namespace, update }
            }
            WriteModel::UpdateMany(UpdateManyModel {
                namespace,
                filter,
                update,
                array_filters,
                collation,
                hint,
                upsert,
            }) => {
                let update = updating(filter, modifications(update)?, collation, hint, upsert)?;
                let array_filters = documents(array_filters.into_iter().flatten())?;
                BulkWriteStatement::Update {
                    namespace,
                    update: UpdateStatement { multi: true, array_filters, ..update },
                }
            }
            WriteModel::ReplaceOne(ReplaceOneModel {
                namespace,
                filter,
                replacement,
                collation,
                hint,
                upsert,
                sort,
            }) => {
                let replacement = UpdateModifications::Document(replacement.try_into()?);
                check_replacement(&replacement)?;
                let update = updating(filter, replacement, collation, hint, upsert)?;
                BulkWriteStatement::Update { namespace, update: UpdateStatement { sort: raw(sort)?, ..update } }
            }
            WriteModel::DeleteOne(DeleteOneModel { namespace, filter, collation, hint }) => {
                BulkWriteStatement::Delete { namespace, delete: deleting(filter, false, collation, hint)? }
            }
            WriteModel::DeleteMany(DeleteManyModel { namespace, filter, collation, hint }) => {
                BulkWriteStatement::Delete { namespace, delete: deleting(filter, true, collation, hint)? }
            }
        })
    }
}

fn raw(document: Option<Document>) -> Result<Option<RawDocumentBuf>> {
    Ok(document.map(RawDocumentBuf::try_from).transpose()?)
}

fn modifications(update: Bson) -> Result<UpdateModifications> {
    let update = match update {
        Bson::Document(update) => UpdateModifications::Document(update.try_into()?),
        Bson::Array(stages) => {
            let stages = stages.into_iter().map(|stage| match stage {
                Bson::Document(stage) => Ok(stage.try_into()?),
                _ => refuse(Code::TYPE_MISMATCH, "Each element of the 'pipeline' array must be an object"),
            });
            UpdateModifications::Pipeline(stages.collect::<Result<_>>()?)
        }
        _ => return refuse(Code::FAILED_TO_PARSE, "Update argument must be either an object or an array"),
    };
    check_operators(&update)?;
    Ok(update)
}

fn updating(
    filter: Document,
    update: UpdateModifications,
    collation: Option<Document>,
    hint: Option<Hint>,
    upsert: Option<bool>,
) -> Result<UpdateStatement> {
    Ok(UpdateStatement {
        filter: filter.try_into()?,
        update,
        upsert: upsert.unwrap_or(false),
        hint,
        collation: raw(collation)?,
        ..UpdateStatement::default()
    })
}

fn deleting(filter: Document, multi: bool, collation: Option<Document>, hint: Option<Hint>) -> Result<DeleteStatement> {
    Ok(DeleteStatement { filter: filter.try_into()?, multi, hint, collation: raw(collation)? })
}
