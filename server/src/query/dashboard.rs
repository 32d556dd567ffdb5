//! Where dashboards are found.

use app::api::{Dashboards, Found, Info, Source};
use async_trait::async_trait;
use model::{
    dashboard::{self, Dashboard},
    error::Error,
};

use super::Query;

#[async_trait]
impl Dashboards for Query {
    async fn dashboard(&self, id: &str) -> Result<Found, Error> {
        let dashboard =
            dashboard::dashboard(id).ok_or_else(|| Error::not_found(format!("There is no dashboard “{id}”.")))?;
        Ok(Found { dashboard: dashboard.clone(), source: Source::BuiltIn })
    }

    async fn dashboards(&self) -> Result<Vec<Info>, Error> {
        Ok(dashboard::built_in().iter().map(|dashboard| info(dashboard, Source::BuiltIn)).collect())
    }
}

fn info(dashboard: &Dashboard, source: Source) -> Info {
    let Dashboard { id, title, description, .. } = dashboard.clone();
    Info { id, title, description, source }
}
