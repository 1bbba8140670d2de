//! What is stored: documents of about 300 bytes that are like those of movies.json, or that file's own.

use std::path::Path;

use bson::{Bson, Document};
use serde_json::{Map, Value, json};

use crate::Failure;

/// How many documents have the same `group`.
pub(crate) const GROUP: i64 = 10;

/// The documents of all stores, by their `_id`.
#[derive(Debug)]
pub(crate) struct Movies {
    rows: Vec<Map<String, Value>>,
}

impl Movies {
    /// Made up, the same ones each time.
    pub(crate) fn generated() -> Movies {
        let mut draw = Draw::new(1);
        Movies { rows: (0..5_000).map(|_| generated(&mut draw)).collect() }
    }

    /// Those of a file: a JSON array of flat objects.
    pub(crate) fn from_file(file: &Path) -> Result<Movies, Failure> {
        let rows: Vec<Map<String, Value>> = serde_json::from_slice(&std::fs::read(file)?)?;
        if rows.is_empty() {
            return Err("the file has no documents".into());
        }
        Ok(Movies { rows })
    }

    /// The document with an `_id`. Before a movie's own fields it has `code`, which no other has, `group`, which ten
    /// have, `rating`, `rank`, whose order is not that of `_id`, and `views`, which updates count up.
    pub(crate) fn get(&self, id: i64) -> Value {
        let mut document = Map::new();
        document.insert("_id".to_owned(), id.into());
        document.insert("code".to_owned(), code(id).into());
        document.insert("group".to_owned(), (id / GROUP).into());
        document.insert("rating".to_owned(), (id * 37 % 100).into());
        document.insert("rank".to_owned(), rank(id).into());
        document.insert("views".to_owned(), 0.into());
        let row = usize::try_from(id).ok().and_then(|id| self.rows.get(id % self.rows.len()));
        document.extend(row.into_iter().flatten().map(|(name, value)| (name.replace(' ', "_"), value.clone())));
        Value::Object(document)
    }
}

pub(crate) fn code(id: i64) -> String {
    format!("c{id:09}")
}

/// Spreads numbers without meeting the same one twice: the factor is odd.
pub(crate) fn rank(id: i64) -> i64 {
    (id * 40_503) & 0xFFFF
}

fn generated(draw: &mut Draw) -> Map<String, Value> {
    const WORDS: [&str; 16] = [
        "Love", "Night", "Strange", "Person", "First", "Girls", "Land", "Death", "Return", "City", "Summer", "House",
        "War", "Star", "Black", "King",
    ];
    let mut one_of = |of: &[&str]| of.get(draw.below(of.len())).copied().unwrap_or_default().to_owned();
    let title = format!("The {} {} of {}", one_of(&WORDS), one_of(&WORDS), one_of(&WORDS));
    let distributor = one_of(&["Gramercy", "Strand", "Lionsgate", "Fine Line", "Paramount Pictures"]);
    let genre = one_of(&["Drama", "Comedy", "Action", "Thriller/Suspense", "Documentary"]);
    let rating = one_of(&["R", "PG", "PG-13", "Not Rated"]);
    let gross = draw.below(100_000_000);
    let row = json!({
        "Title": title, "US_Gross": gross, "Worldwide_Gross": gross * 2, "Production_Budget": draw.below(50_000_000),
        "Release_Date": "Jun 12 1998", "MPAA_Rating": rating, "Running_Time_min": 80 + draw.below(100),
        "Distributor": distributor, "Source": "Original Screenplay", "Major_Genre": genre,
        "IMDB_Rating": draw.below(100) as f64 / 10.0 + 0.05, "IMDB_Votes": draw.below(200_000),
    });
    match row {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}

/// A JSON document as BSON has it.
pub(crate) fn to_bson(value: &Value) -> Document {
    let convert = |value: &Value| match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(*value),
        Value::String(text) => Bson::String(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => i32::try_from(integer).map_or(Bson::Int64(integer), Bson::Int32),
            None => Bson::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        other => Bson::String(other.to_string()),
    };
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), convert(value))).collect()
}

/// Draws numbers, the same ones for every store.
#[derive(Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: usize) -> Draw {
        Draw((seed as u64).wrapping_mul(7919) + 1)
    }

    pub(crate) fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}
