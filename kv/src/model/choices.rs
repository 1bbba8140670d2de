//! The closed sets of names that requests choose from and outputs report, in the order in which the service lists them.

/// Declares an enum whose variants carry the service's published names.
macro_rules! choices {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// All values, as the service spells them.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The service's name of this value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of that name; `None` if there is none. Case matters, as it does to the service.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

choices! {
    /// Which images a write gives back.
    #[derive(Default)]
    ReturnValues {
        /// The whole item as it is after the write.
        AllNew = "ALL_NEW",
        /// The updated attributes as they were before the write.
        UpdatedOld = "UPDATED_OLD",
        /// The whole item as it was before the write.
        AllOld = "ALL_OLD",
        /// Nothing (the default).
        #[default] None = "NONE",
        /// The updated attributes as they are after the write.
        UpdatedNew = "UPDATED_NEW",
    }
}

choices! {
    /// What a failed condition gives back.
    #[derive(Default)]
    ReturnValuesOnConditionCheckFailure {
        /// The item that the condition was evaluated on, in [`Error::ConditionalCheckFailed`](crate::Error).
        AllOld = "ALL_OLD",
        /// Nothing (the default).
        #[default] None = "NONE",
    }
}

choices! {
    /// Why an action cancelled its transaction.
    CancellationCode {
        /// It did not: another action did.
        None = "None",
        /// Its condition did not hold.
        ConditionalCheckFailed = "ConditionalCheckFailed",
        /// Another transaction changed the same item.
        TransactionConflict = "TransactionConflict",
        /// It does not fit the table or the present item.
        ValidationError = "ValidationError",
        /// A PartiQL `INSERT` found an item under its key.
        DuplicateItem = "DuplicateItem",
        /// A PartiQL statement names a table that does not exist.
        ResourceNotFound = "ResourceNotFound",
        /// The provisioned capacity of its table or of an index is exceeded.
        ProvisionedThroughputExceeded = "ProvisionedThroughputExceeded",
        /// The most units on demand of its table or of an index are exceeded.
        ThrottlingError = "ThrottlingError",
    }
}

choices! {
    /// Why a statement of a batch failed, as far as it does here.
    BatchStatementErrorCode {
        /// Its condition did not hold.
        ConditionalCheckFailed = "ConditionalCheckFailed",
        /// It is malformed, or does not fit the table or the present item.
        ValidationError = "ValidationError",
        /// The table does not exist.
        ResourceNotFound = "ResourceNotFound",
        /// An `INSERT` found an item under its key.
        DuplicateItem = "DuplicateItem",
        /// The provisioned capacity of its table or of an index is exceeded.
        ProvisionedThroughputExceeded = "ProvisionedThroughputExceeded",
        /// The most units on demand of its table or of an index are exceeded.
        ThrottlingError = "ThrottlingError",
    }
}

choices! {
    /// How much of the consumed capacity is reported.
    #[derive(Default)]
    ReturnConsumedCapacity {
        /// The total, and its parts on the table and on each index.
        Indexes = "INDEXES",
        /// One total for each table.
        Total = "TOTAL",
        /// Nothing (the default).
        #[default] None = "NONE",
    }
}

choices! {
    /// Whether sizes of item collections are reported. Only tables with local secondary indexes have collections.
    #[derive(Default)]
    ReturnItemCollectionMetrics {
        /// The estimated size.
        Size = "SIZE",
        /// Nothing (the default).
        #[default] None = "NONE",
    }
}

choices! {
    /// How a condition from before expressions compares.
    ComparisonOperator {
        /// Equal to one of the values.
        In = "IN",
        /// Missing.
        Null = "NULL",
        /// Between two values, both included.
        Between = "BETWEEN",
        /// Less than.
        Lt = "LT",
        /// A string or binary without the value in it, or a set or list without it as a member.
        NotContains = "NOT_CONTAINS",
        /// Equal.
        Eq = "EQ",
        /// Greater than.
        Gt = "GT",
        /// There.
        NotNull = "NOT_NULL",
        /// Not equal, or missing.
        Ne = "NE",
        /// Less or equal.
        Le = "LE",
        /// A string or binary that begins with the value.
        BeginsWith = "BEGINS_WITH",
        /// Greater or equal.
        Ge = "GE",
        /// A string or binary with the value in it, or a set or list with it as a member.
        Contains = "CONTAINS",
    }
}

choices! {
    /// How conditions from before expressions are joined.
    #[derive(Default)]
    ConditionalOperator {
        /// One of them must hold.
        Or = "OR",
        /// All must hold (the default).
        #[default] And = "AND",
    }
}

choices! {
    /// What an update from before expressions does to an attribute.
    #[derive(Default)]
    AttributeAction {
        /// Adds to a number, unites with a set, appends to a list.
        Add = "ADD",
        /// Sets the attribute (the default).
        #[default] Put = "PUT",
        /// Removes the attribute, or members of a set.
        Delete = "DELETE",
    }
}

choices! {
    /// Which attributes of the found items a query or scan returns.
    Select {
        /// Exactly those of the projection expression.
        SpecificAttributes = "SPECIFIC_ATTRIBUTES",
        /// No items, only their count.
        Count = "COUNT",
        /// All attributes (the default on a table).
        AllAttributes = "ALL_ATTRIBUTES",
        /// All attributes that the index holds (only with an index).
        AllProjectedAttributes = "ALL_PROJECTED_ATTRIBUTES",
    }
}

choices! {
    /// The part of an attribute in a primary key.
    KeyType {
        /// The partition key.
        Hash = "HASH",
        /// The sort key.
        Range = "RANGE",
    }
}

choices! {
    /// The types that a key attribute can have.
    ScalarAttributeType {
        /// Binary.
        B = "B",
        /// Number.
        N = "N",
        /// String.
        S = "S",
    }
}

choices! {
    /// How a table's capacity is paid for. Stored and reported; it bounds requests only where that was [asked for](crate::Options::throttle).
    #[derive(Default)]
    BillingMode {
        /// By a provisioned number of capacity units (the default).
        #[default] Provisioned = "PROVISIONED",
        /// By use.
        PayPerRequest = "PAY_PER_REQUEST",
    }
}

choices! {
    /// The storage class of a table. Stored and reported, without effect.
    TableClass {
        /// The standard class.
        Standard = "STANDARD",
        /// The class for infrequent access.
        StandardInfrequentAccess = "STANDARD_INFREQUENT_ACCESS",
    }
}

choices! {
    /// The state of a table. Tables are usable as soon as their creation is acknowledged, so most states never show.
    TableStatus {
        /// Being created.
        Creating = "CREATING",
        /// Being changed.
        Updating = "UPDATING",
        /// Deleted: only the output of `DeleteTable` says so.
        Deleting = "DELETING",
        /// Usable.
        Active = "ACTIVE",
    }
}

choices! {
    /// The state of a global secondary index.
    IndexStatus {
        /// Being filled with the items that were there before it.
        Creating = "CREATING",
        /// Being changed.
        Updating = "UPDATING",
        /// Removed: only the output of `UpdateTable` says so.
        Deleting = "DELETING",
        /// Usable.
        Active = "ACTIVE",
    }
}

choices! {
    /// Whether items of a table expire.
    TimeToLiveStatus {
        /// Being switched on: items that were there before may not be found yet.
        Enabling = "ENABLING",
        /// Being switched off: never shown.
        Disabling = "DISABLING",
        /// They do.
        Enabled = "ENABLED",
        /// They do not.
        Disabled = "DISABLED",
    }
}

choices! {
    /// Whether contributor insights are switched on or off.
    ContributorInsightsAction {
        /// On.
        Enable = "ENABLE",
        /// Off.
        Disable = "DISABLE",
    }
}

choices! {
    /// Which keys contributor insights would tell of. Stored and reported: no keys are counted.
    #[derive(Default)]
    ContributorInsightsMode {
        /// Those whose operations were throttled.
        ThrottledKeys = "THROTTLED_KEYS",
        /// Those that were used most, too (the default).
        #[default] AccessedAndThrottledKeys = "ACCESSED_AND_THROTTLED_KEYS",
    }
}

choices! {
    /// The state of contributor insights. A change is done when it is acknowledged, so only its own answer says that it is
    /// under way.
    ContributorInsightsStatus {
        /// Being switched on.
        Enabling = "ENABLING",
        /// On.
        Enabled = "ENABLED",
        /// Being switched off.
        Disabling = "DISABLING",
        /// Off.
        Disabled = "DISABLED",
        /// Never shown.
        Failed = "FAILED",
    }
}

choices! {
    /// The state of a Kinesis stream as a destination of a table's changes. A change is done when it is acknowledged, so
    /// only its own answer says that it is under way.
    DestinationStatus {
        /// Being switched on.
        Enabling = "ENABLING",
        /// On.
        Active = "ACTIVE",
        /// Being switched off.
        Disabling = "DISABLING",
        /// Off.
        Disabled = "DISABLED",
        /// Never shown.
        EnableFailed = "ENABLE_FAILED",
        /// Being changed.
        Updating = "UPDATING",
    }
}

choices! {
    /// How precise the times of changes are that a Kinesis stream is given.
    #[derive(Default)]
    ApproximateCreationDateTimePrecision {
        /// Milliseconds (the default).
        #[default] Millisecond = "MILLISECOND",
        /// Microseconds.
        Microsecond = "MICROSECOND",
    }
}

choices! {
    /// The kind of key of server-side encryption. Stored and reported, without effect.
    SseType {
        /// A key of the service.
        Aes256 = "AES256",
        /// A key of the key management service.
        Kms = "KMS",
    }
}

choices! {
    /// Which attributes are copied into a secondary index.
    ProjectionType {
        /// All.
        All = "ALL",
        /// The keys and some named attributes.
        Include = "INCLUDE",
        /// The keys only.
        KeysOnly = "KEYS_ONLY",
    }
}

choices! {
    /// What happened to an item.
    OperationType {
        /// It came to be.
        Insert = "INSERT",
        /// It was there and was changed.
        Modify = "MODIFY",
        /// It was deleted.
        Remove = "REMOVE",
    }
}

choices! {
    /// Where a reader of a change stream begins.
    ShardIteratorType {
        /// At the oldest record that is kept.
        TrimHorizon = "TRIM_HORIZON",
        /// After the latest record.
        Latest = "LATEST",
        /// At the record with a sequence number.
        AtSequenceNumber = "AT_SEQUENCE_NUMBER",
        /// After the record with a sequence number.
        AfterSequenceNumber = "AFTER_SEQUENCE_NUMBER",
        /// At the first record of a time or after it.
        AtTimestamp = "AT_TIMESTAMP",
    }
}

choices! {
    /// Which shards a description is asked for.
    ShardFilterType {
        /// The children of a shard.
        ChildShards = "CHILD_SHARDS",
    }
}

choices! {
    /// Whether changes go to a stream.
    StreamStatus {
        /// Being switched on: never shown.
        Enabling = "ENABLING",
        /// They do.
        Enabled = "ENABLED",
        /// Being switched off: never shown.
        Disabling = "DISABLING",
        /// They do not any more.
        Disabled = "DISABLED",
    }
}

choices! {
    /// Which images a table's change stream carries.
    StreamViewType {
        /// The key only.
        KeysOnly = "KEYS_ONLY",
        /// The item after the change.
        NewImage = "NEW_IMAGE",
        /// The item before the change.
        OldImage = "OLD_IMAGE",
        /// The item before and after the change.
        NewAndOldImages = "NEW_AND_OLD_IMAGES",
    }
}

choices! {
    /// The state of a backup.
    BackupStatus {
        /// Its items are being copied.
        Creating = "CREATING",
        /// It is gone.
        Deleted = "DELETED",
        /// It can be restored.
        Available = "AVAILABLE",
    }
}

choices! {
    /// Who made a backup.
    BackupType {
        /// A user.
        User = "USER",
        /// The deletion of a table that could be recovered.
        System = "SYSTEM",
        /// Another service; there are none of these here.
        AwsBackup = "AWS_BACKUP",
    }
}

choices! {
    /// Which backups are listed.
    BackupTypeFilter {
        /// Those that users made.
        User = "USER",
        /// Those that the deletion of tables made.
        System = "SYSTEM",
        /// Those of another service; there are none here.
        AwsBackup = "AWS_BACKUP",
        /// All.
        All = "ALL",
    }
}

choices! {
    /// Whether the changes of a table are kept.
    PointInTimeRecoveryStatus {
        /// They are.
        Enabled = "ENABLED",
        /// They are not.
        Disabled = "DISABLED",
    }
}
