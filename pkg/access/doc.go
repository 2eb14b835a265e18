// Package access says who may read: tokens with scopes and a workspace, out of a file that is watched or out of a configuration, and what
// each method of the API asks of them. It is not for writing: sources have write keys, see the collector.
//
// Guarantees:
//   - A token is looked up by its SHA-256, which is all that is kept: a look-up takes the same time however much of a wrong token is
//     right, and a memory dump or the file shows none. TestATokensTextIsKeptNowhere.
//   - What is not granted is refused: a token that is unknown, expired or revoked, a scope or a workspace it does not have, a method whose
//     scope is not stated. TestCheck, TestEveryMethodSaysItsScope (services/gateway).
//   - A change of the file holds within a second. A file that cannot be used leaves everything as it was, a token that it would have
//     revoked too, and the log says so. TestTheFileIsWatched.
package access
