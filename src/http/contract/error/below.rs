//! Errors from below, as the edge's own.

use sira_domain::refusal::Refusal;

use super::ApiError;
use crate::commands::{FieldError, FormErrors};
use crate::documents::DocumentError;
use crate::figures::ReportError;
use crate::journal::JournalError;
use crate::keys::KeysError;
use crate::replay::activity::ActivityError;
use crate::replay::person::HeldError;
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
            ReportError::Unknown => Self::NotFound,
            ReportError::Figures(error) => Self::Figures(error),
        }
    }
}

impl From<RetentionError> for ApiError {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Read(error) => Self::Read(error),
            RetentionError::Command(error) => Self::Command(error),
        }
    }
}

impl From<HeldError> for ApiError {
    fn from(error: HeldError) -> Self {
        match error {
            HeldError::Read(error) => Self::Read(error),
            HeldError::Command(error) => Self::Command(error),
        }
    }
}

impl From<ActivityError> for ApiError {
    fn from(error: ActivityError) -> Self {
        match error {
            ActivityError::Read(error) => Self::Read(error),
            ActivityError::Journal(error) => Self::Command(error),
        }
    }
}
