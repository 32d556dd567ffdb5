//! Where the browser half lies: hashed file names that the build step writes and the server hands over.

/// Addresses of the built files, each from the root: `/pkg/app.0123456789ab.js`. Empty where there is no build: pages
/// then come without scripts or styles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// What wasm-bindgen wrote to load the wasm.
    pub js: String,
    pub wasm: String,
    /// The module that starts the page: imports `js`, loads `wasm`, calls `hydrate`.
    pub start: String,
    pub css: String,
}
