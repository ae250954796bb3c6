//! Errors from below, as the edge's own.

use sira_domain::refusal::Refusal;

use super::ApiError;
use crate::commands::{FieldError, FormErrors};
use crate::documents::DocumentError;
use crate::figures::{FigureError, ReportError};
use crate::journal::JournalError;
use crate::keys::KeysError;
use crate::open_call::OpenCallError;
use crate::reassignment::ReassignmentError;
use crate::replay::activity::ActivityError;
use crate::replay::person::HeldError;
use crate::reports::ReportDocumentError;
use crate::retention::RetentionError;
use crate::stored::Unreadable;

macro_rules! from_below {
    ($($below:ty),*) => {$(
        impl From<$below> for ApiError {
            fn from(error: $below) -> Self {
                Self::Command(error.into())
            }
        }
    )*};
}
from_below!(JournalError, KeysError, DocumentError, FormErrors, Refusal, Unreadable);

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        FormErrors::from(error).into()
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Bad(bad) => bad.into(),
            ReportError::NameTaken => Self::NameTaken,
            ReportError::TooMany { given, limit } => Self::TooManyReports { given, limit },
            ReportError::Unknown => Self::NotFound,
            ReportError::Figures(error) => Self::Figures(error),
        }
    }
}

impl From<ReportDocumentError> for ApiError {
    fn from(error: ReportDocumentError) -> Self {
        match error {
            ReportDocumentError::Form { field, expected } => Self::parameter(field, expected),
            ReportDocumentError::NameTaken => Self::NameTaken,
            ReportDocumentError::TooMany { given, limit } => Self::TooManyReports { given, limit },
            ReportDocumentError::Unknown => Self::NotFound,
            ReportDocumentError::Unreadable => Self::Figures(FigureError::Broken),
            ReportDocumentError::Figures(error) => Self::Figures(error),
            ReportDocumentError::Evidence(error) => error.into(),
        }
    }
}

/// Of what reads a list and gives commands.
macro_rules! of_reading_or_commanding {
    ($($below:ident),*) => {$(
        impl From<$below> for ApiError {
            fn from(error: $below) -> Self {
                match error {
                    $below::Read(error) => Self::Read(error),
                    $below::Command(error) => Self::Command(error),
                }
            }
        }
    )*};
}
of_reading_or_commanding!(RetentionError, HeldError, ActivityError, ReassignmentError);

impl From<OpenCallError> for ApiError {
    fn from(error: OpenCallError) -> Self {
        match error {
            OpenCallError::Full { retry_after_s } => Self::TooManyRequests { retry_after_s },
            OpenCallError::Command(error) => Self::Command(error),
        }
    }
}
