//! Keys of the special kinds.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    value::{DocumentBuilder, Path},
};

#[derive(Debug)]
pub(crate) struct Text;

impl Text {
    pub(crate) fn parse(_: &RawDocument) -> Result<Text> {
        refuse(Code::CANNOT_CREATE_INDEX, "text")
    }
    pub(crate) fn keys(&self, _: &RawDocument) -> Result<Vec<(String, f64)>> {
        Ok(Vec::new())
    }
    pub(crate) fn append_options(&self, _: &mut DocumentBuilder) {}
}

#[derive(Debug)]
pub(crate) struct Grid;

impl Grid {
    pub(crate) fn parse(_: &RawDocument) -> Result<Grid> {
        refuse(Code::CANNOT_CREATE_INDEX, "2d")
    }
    pub(crate) fn keys(&self, _: &RawDocument, _: &Path) -> Result<Vec<u64>> {
        Ok(Vec::new())
    }
}

pub(crate) fn sphere_keys(_: &RawDocument, _: &Path) -> Result<Vec<u64>> {
    Ok(Vec::new())
}

pub(crate) fn hash64(_: RawBsonRef<'_>) -> i64 {
    0
}
