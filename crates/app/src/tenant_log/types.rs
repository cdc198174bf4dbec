//! Event codes of the tenant log (`management-api.md` §12.1 "Event codes"). A code that nothing writes is not here.

macro_rules! log_types {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum LogType { $($(#[$doc])* $name),* }

        impl LogType {
            /// Every code, for documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Auth0's code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

log_types! {
    /// Successful login.
    SuccessLogin = "s";
    /// Failed login.
    FailedLogin = "f";
    /// Failed login: wrong password.
    FailedLoginWrongPassword = "fp";
    /// Failed login: unknown user.
    FailedLoginUnknownUser = "fu";
    /// Something to look at during a login.
    LoginWarning = "w";
    /// A Rule or an Action failed.
    FailedScript = "actions_execution_failed";
    /// What Rules and Actions wrote to the console.
    ScriptOutput = "script_output";
    /// Successful silent authentication.
    SuccessSilentAuthentication = "ssa";
    /// Failed silent authentication.
    FailedSilentAuthentication = "fsa";
    /// Successful sign-up.
    SuccessSignup = "ss";
    /// Failed sign-up.
    FailedSignup = "fs";
    /// Successful logout.
    SuccessLogout = "slo";
    /// Failed logout.
    FailedLogout = "flo";
    /// A logout token was delivered.
    SuccessBackchannelLogout = "oidc_backchannel_logout_succeeded";
    /// A logout token could not be delivered.
    FailedBackchannelLogout = "oidc_backchannel_logout_failed";
    /// Authorization code redeemed.
    SuccessCodeExchange = "seacft";
    /// Authorization code refused.
    FailedCodeExchange = "feacft";
    /// Client credentials exchanged.
    SuccessClientCredentialsExchange = "seccft";
    /// Client credentials refused.
    FailedClientCredentialsExchange = "feccft";
    /// Password exchanged.
    SuccessPasswordExchange = "sepft";
    /// Password refused.
    FailedPasswordExchange = "fepft";
    /// Refresh token exchanged.
    SuccessRefreshTokenExchange = "sertft";
    /// Refresh token refused.
    FailedRefreshTokenExchange = "fertft";
    /// Reuse of a rotated refresh token.
    RefreshTokenReuse = "ferrt";
    /// Refresh token revoked.
    SuccessRevocation = "srrt";
    /// Pushed authorization request refused.
    FailedPushedAuthorization = "fpar";
    /// Device authorization request refused.
    FailedDeviceAuthorization = "fdeaz";
    /// Device not activated.
    FailedDeviceActivation = "fdeac";
    /// The user did not want the device to be activated.
    DeviceActivationCancelled = "fdecc";
    /// Device code exchanged.
    SuccessDeviceCodeExchange = "sede";
    /// Device code refused.
    FailedDeviceCodeExchange = "fede";
    /// One address failed too often with one account.
    BlockedAccountAndAddress = "limit_wc";
    /// Too many logins of one account from one address.
    BlockedAccount = "limit_sul";
    /// One address failed too often.
    BlockedAddress = "limit_mu";
    /// A blocked account was unblocked.
    UserUnblocked = "ublkdu";
    /// Login with a password that is known to be public.
    BreachedPasswordLogin = "pwd_leak";
    /// Sign-up with a password that is known to be public.
    BreachedPasswordSignup = "signup_pwd_leak";
    /// A rate limit was reached.
    RateLimit = "api_limit";
    /// User deleted.
    SuccessUserDeletion = "sdu";
    /// Password changed.
    SuccessPasswordChange = "scp";
    /// Password not changed.
    FailedPasswordChange = "fcp";
    /// A link for another password was asked for.
    SuccessPasswordChangeRequest = "scpr";
    /// A link for another password was asked for, for an account that is not there.
    FailedPasswordChangeRequest = "fcpr";
    /// An e-mail address was proven.
    SuccessVerification = "sv";
    /// An e-mail address was not proven.
    FailedVerification = "fv";
    /// A mail to prove an address was asked for.
    SuccessVerificationRequest = "svr";
    /// A mail could not be sent.
    FailedNotification = "fn";
    /// E-mail address changed.
    SuccessEmailChange = "sce";
    /// Username changed.
    SuccessUsernameChange = "scu";
    /// Management operation.
    SuccessManagementOperation = "sapi";
    /// Management operation refused.
    FailedManagementOperation = "fapi";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_lists_every_code() {
        let page = include_str!("../../../../docs/reference/tenant-log.md");
        for kind in LogType::ALL {
            assert!(page.contains(&format!("| `{}` | ", kind.as_str())), "{}: add it to the page", kind.as_str());
        }
    }
}
