//! The parameters of a question about figures.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::figures::{
    BadParameters, Fault, Parameters, Subject, parameters_of, parameters_of_cell,
};
use crate::http::App;
use crate::http::contract::error::ApiError;
use crate::http::contract::operation::{Input, Operation};
use crate::http::contract::parameter::Parameter;
use crate::http::contract::query::WrongParameter;

/// The parameters of the route of one subject, by its place among [`Subject::ALL`].
pub struct AskedFigures<const SUBJECT: usize>(pub Parameters);

/// The parameters of the route that tells the events behind a cell.
pub struct AskedCell(pub Parameters);

fn read(parts: &Parts) -> Result<Parameters, ApiError> {
    Ok(parts.uri.query().unwrap_or_default().parse::<Parameters>()?)
}

impl<const SUBJECT: usize> FromRequestParts<App> for AskedFigures<SUBJECT> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        read(parts).map(Self)
    }
}

impl FromRequestParts<App> for AskedCell {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        read(parts).map(Self)
    }
}

fn describe(operation: &mut Operation, parameters: Vec<crate::figures::Described>) {
    for (name, about, schema) in parameters {
        operation.parameter("query", &Parameter::new(name, about, false, schema));
    }
    operation.problems(&[400]);
}

impl<const SUBJECT: usize> Input for AskedFigures<SUBJECT> {
    fn describe(operation: &mut Operation) {
        describe(operation, parameters_of(Subject::ALL[SUBJECT].1));
    }
}

impl Input for AskedCell {
    fn describe(operation: &mut Operation) {
        describe(operation, parameters_of_cell());
    }
}

impl From<BadParameters> for ApiError {
    fn from(BadParameters(bad): BadParameters) -> Self {
        let wrong = bad.into_iter().map(|one| WrongParameter {
            rule: match one.fault {
                Fault::Unknown => "unknown_parameter",
                Fault::Repeated => "repeated_parameter",
                Fault::Form => "parameter_form",
            },
            ..WrongParameter::value(one.name, one.expected)
        });
        Self::Parameters(wrong.collect())
    }
}
