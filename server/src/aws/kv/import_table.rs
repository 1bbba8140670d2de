use millpond::kv::{CreateTableRequest, check_table_name};

use super::{
    Answered,
    checks::{self, Checks},
    export_table_to_point_in_time::{NO_DIRECTORY, NO_SUCH_BUCKET},
    import::{self, CSV, CsvOptions, DYNAMODB_JSON, GZIP, ION, Import, NONE, ZSTD},
    index::Index,
    table::{Definition, KeyElement, OnDemand, Sse, Throughput},
    transfers::{IMPORTS, IN_PROGRESS, Transfer, digest},
};
use crate::aws::{
    Call,
    json::{self, Failure, List, Text, members},
};

const DELIMITERS: [char; 6] = [',', ';', ':', '|', '\t', ' '];
const MAX_HEADERS: usize = 255;
const MAX_HEADER_CHARACTERS: usize = 65_536;

members! {
    Request {
        client_token: Text = "ClientToken",
        source: Source = "S3BucketSource",
        format: Text = "InputFormat",
        options: Options = "InputFormatOptions",
        compression: Text = "InputCompressionType",
        table: Table = "TableCreationParameters",
    }
}
members! {
    Source { owner: Text = "S3BucketOwner", bucket: Text = "S3Bucket", prefix: Text = "S3KeyPrefix" }
}
members! {
    Options { csv: Csv = "Csv" }
}
members! {
    Csv { delimiter: Text = "Delimiter", header: List<Text> = "HeaderList" }
}
members! {
    Table {
        table_name: Text = "TableName",
        attribute_definitions: List<Definition> = "AttributeDefinitions",
        key_schema: List<KeyElement> = "KeySchema",
        billing_mode: Text = "BillingMode",
        provisioned_throughput: Throughput = "ProvisionedThroughput",
        on_demand_throughput: OnDemand = "OnDemandThroughput",
        sse_specification: Sse = "SSESpecification",
        global_secondary_indexes: List<Index> = "GlobalSecondaryIndexes",
    }
}

/// Of the service, for an import that has passed over something.
const ITEM_ERRORS: (&str, &str) = (
    "ItemValidationError",
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more \
     details.",
);

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let engine = call.pond.engine();
    let (mut import, request) = read(given, call)?;
    if !call.buckets.has_directory() {
        return Err(Failure::validation(NO_DIRECTORY));
    }
    let digest = digest(call.body);
    if let Some(known) = IMPORTS.repeated::<Import>(engine, import.transfer.client_token.as_ref(), &digest)? {
        return json::write(&known.describe(call.region));
    }
    let mut table = call.pond.kv().load_table(&request).map_err(|error| of_parameters(error.into()))?;
    import.transfer.table_id = table.table().table_id;
    IMPORTS.begin(engine, &mut import, &digest)?;
    let failed = match call.buckets.find(&import.bucket) {
        // Without a bucket there is no table either.
        Err(_) => Some((NO_SUCH_BUCKET.0, NO_SUCH_BUCKET.1.to_owned())),
        Ok(bucket) => match import::run(&mut import, &mut table, &request.attribute_definitions, &bucket) {
            Err(error) => Some(("S3InternalError", error.to_string())),
            Ok(()) => match table.finish() {
                Err(error) => Some(("InternalServerError", error.to_string())),
                // The items that are items are there all the same.
                Ok(_) if import.errors > 0 => Some((ITEM_ERRORS.0, ITEM_ERRORS.1.to_owned())),
                Ok(_) => None,
            },
        },
    };
    import.transfer.end(engine.clock().now(), failed);
    IMPORTS.update(engine, &import)?;
    json::write(&import.describe(call.region))
}

/// What is wrong with a table that an import is to make, which is a member of the request.
fn of_parameters(failure: Failure) -> Failure {
    if failure.message().contains(" detected: Value") {
        return Failure::validation(failure.message().replace(" at '", " at 'tableCreationParameters."));
    }
    failure
}

fn read(given: Request, call: &Call<'_>) -> Result<(Import, CreateTableRequest), Failure> {
    let mut checks = Checks::default();
    let client_token = checks.client_token(given.client_token);
    let source = checks.required(given.source, "s3BucketSource");
    let bucket = checks.bucket(source.bucket, "s3BucketSource.s3Bucket");
    let bucket_owner = checks.bucket_owner(source.owner, "s3BucketSource.s3BucketOwner");
    let prefix = checks.prefix(source.prefix, "s3BucketSource.s3KeyPrefix");
    let format = checks.required_one_of(given.format, "inputFormat", &[DYNAMODB_JSON, ION, CSV]);
    let names = [ZSTD, NONE, GZIP];
    let compression = checks.one_of(given.compression, "inputCompressionType", &names).unwrap_or(NONE);
    let options = given.options.map(|options| options.csv);
    let csv = options.map(|csv| checks.csv(csv.unwrap_or_default()));
    let table = checks.required(given.table, "tableCreationParameters");
    let request = checks.table_to_import(table);
    checks.finish()?;
    if csv.is_some() && format != CSV {
        return Err(Failure::validation(format!(
            "Invalid Request: Unsupported InputFormatOptions for the given input format: {format}."
        )));
    }
    let import = Import {
        transfer: Transfer {
            id: String::new(),
            table_name: check_table_name(&request.table_name).map_err(|error| of_parameters(error.into()))?.to_owned(),
            table_id: String::new(),
            status: IN_PROGRESS.to_owned(),
            start_millis: call.pond.clock().now().as_millis(),
            end_millis: None,
            client_token,
            failure_code: None,
            failure_message: None,
        },
        bucket,
        bucket_owner,
        prefix,
        format: format.to_owned(),
        compression: compression.to_owned(),
        csv,
        table: import::describe_table(&request),
        processed_items: 0,
        imported_items: 0,
        errors: 0,
        processed_bytes: 0,
    };
    Ok((import, request))
}

impl Checks {
    fn csv(&mut self, given: Csv) -> CsvOptions {
        let field = "inputFormatOptions.csv.delimiter";
        let delimiter = checks::text(given.delimiter);
        self.length(delimiter.as_deref(), field, (1, 1));
        let is_delimiter = |text: &str| text.chars().all(|character| DELIMITERS.contains(&character));
        self.pattern(delimiter.as_deref(), field, is_delimiter, "[,;:|\\t ]");
        let header = given.header.map(|List(names)| names.into_iter().map(|name| name.0).collect::<Vec<_>>());
        let field = "inputFormatOptions.csv.headerList";
        match header.as_ref().map(Vec::len) {
            Some(0) => self.breaks("[]", field, "Member must have length greater than or equal to 1"),
            Some(count) if count > MAX_HEADERS => {
                let first: Vec<&str> = header.iter().flatten().take(10).map(String::as_str).collect();
                let shown = format!("[{}]", first.join(", "));
                self.breaks(shown, field, "Member must have length less than or equal to 255");
            }
            _ => {}
        }
        let is_header =
            |name: &str| name.chars().all(|character| matches!(character, ' '..='~') && !",\"".contains(character));
        for (nth, name) in (1..).zip(header.iter().flatten().take(MAX_HEADERS)) {
            let field = format!("{field}.{nth}.member");
            self.length(Some(name), &field, (1, MAX_HEADER_CHARACTERS));
            self.pattern(Some(name), &field, is_header, r"[\x20-\x21\x23-\x2B\x2D-\x7E]*");
        }
        CsvOptions { delimiter: delimiter.and_then(|text| text.chars().next()), header }
    }

    fn table_to_import(&mut self, given: Table) -> CreateTableRequest {
        let field = |member: &str| format!("tableCreationParameters.{member}");
        let table_name = self.required(checks::text(given.table_name), &field("tableName"));
        let definitions = self.required(given.attribute_definitions, &field("attributeDefinitions"));
        let attribute_definitions = self.definitions(definitions, &field("attributeDefinitions"));
        let key_schema = self.required(given.key_schema, &field("keySchema")).0;
        let key_schema = self.key_schema(key_schema, &field("keySchema"));
        let units = given.provisioned_throughput;
        CreateTableRequest {
            table_name,
            attribute_definitions,
            key_schema,
            billing_mode: self.choice_if_any(given.billing_mode, &field("billingMode")),
            provisioned_throughput: units.map(|given| self.throughput(given, &field("provisionedThroughput"))),
            on_demand_throughput: given.on_demand_throughput.map(Into::into),
            sse_specification: given.sse_specification.map(|given| self.sse(given, &field("sSESpecification"))),
            global_secondary_indexes: self
                .global_indexes(given.global_secondary_indexes, &field("globalSecondaryIndexes")),
            ..CreateTableRequest::default()
        }
    }
}
