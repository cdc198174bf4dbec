//! The pages of Universal Login (§7.7). One table, [`PAGES`], lists them all; a test renders each of them in each of its
//! samples, and `cargo run -p keywright-login --example gallery` writes them to a directory for looking at them.

mod application;
mod consent;
mod device;
mod email_verification;
mod form;
mod login;
mod logout;
mod new_password;
mod organization;
mod playground;
mod reset_password;
mod result;
mod scope_lines;
mod signup;
mod unblock;

pub(crate) use application::ApplicationInfo;
pub(crate) use consent::ConsentPage;
pub(crate) use device::{
    ActivationPage, ActivationProblem, ConfirmationPage, DeviceAllowedPage, DeviceDeniedPage, Place,
};
pub(crate) use email_verification::{
    EmailAlreadyVerifiedPage, EmailVerificationFailurePage, EmailVerificationPage, EmailVerificationSuccessPage,
};
pub(crate) use form::FormKeys;
pub(crate) use login::{Identifier, LoginPage, LoginProblem};
pub(crate) use logout::{LogoutAbortedPage, LogoutCompletePage, LogoutPage};
pub(crate) use new_password::{PasswordProblem, RuleLine, RuleState, sample_rules};
pub(crate) use organization::{OrganizationLine, OrganizationPage, OrganizationPickerPage, OrganizationProblem};
pub(crate) use playground::PlaygroundPage;
pub(crate) use reset_password::{
    ResetPasswordEmailPage, ResetPasswordErrorPage, ResetPasswordPage, ResetPasswordProblem, ResetPasswordRequestPage,
    ResetPasswordSuccessPage, ResetRequestProblem,
};
pub(crate) use result::Continuation;
pub(crate) use scope_lines::scope_lines;
pub(crate) use signup::{SignupPage, SignupProblem};
pub(crate) use unblock::{UnblockFailurePage, UnblockPage, UnblockSuccessPage};

keywright_web::pages! {
    /// Every page of this crate.
    pub const PAGES = [
        LoginPage, SignupPage, ConsentPage, OrganizationPage, OrganizationPickerPage, LogoutPage, LogoutCompletePage,
        LogoutAbortedPage, UnblockPage, UnblockSuccessPage, UnblockFailurePage, ResetPasswordRequestPage,
        ResetPasswordEmailPage, ResetPasswordPage, ResetPasswordSuccessPage, ResetPasswordErrorPage,
        EmailVerificationPage, EmailVerificationSuccessPage, EmailVerificationFailurePage, EmailAlreadyVerifiedPage,
        ActivationPage, ConfirmationPage, DeviceAllowedPage, DeviceDeniedPage, PlaygroundPage
    ];
}

#[cfg(test)]
mod tests;
