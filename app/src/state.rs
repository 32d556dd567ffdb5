//! The only reader and writer of the URL: the view that a page shows, and what else its parts have in common.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use model::{
    chart::Annotated,
    dashboard::AUDIT,
    discover::{self, Discover},
    entity::{self, Entity},
    error::Error,
    filter::{self, Ast},
    panel::{Panel, Switch},
    time::{Edge, Range},
    view::View,
};

use crate::{
    api::{self, ApiError, Found, Known, Named, Who},
    ui::{browser, zone},
};

/// The dashboard that is shown where an address names none.
pub const FIRST: &str = "overview";

/// In context on every page. Copies are cheap.
#[derive(Clone, Copy)]
pub struct State {
    /// The path of the page: links that only change the view keep it.
    pub path: Memo<String>,
    pub view: Memo<View>,
    /// Columns, order and place of Discover; on other pages as it is at first.
    pub discover: Memo<Discover>,
    /// The path with what of the address is this page's own and not the view's: Discover's columns and order, but not
    /// the place in its list, which another view has not.
    pub base: Memo<String>,
    /// What could not be read of the address, the filter included.
    pub errors: Memo<Vec<Error>>,
    /// Counts refreshes: every panel loads again when it changes.
    pub tick: RwSignal<u32>,
    /// Whether times are shown in the browser's zone; the server writes UTC.
    pub local: RwSignal<bool>,
    /// The foot of the page, as HTML.
    pub about: Resource<Result<String, ApiError>>,
    /// Who fell silent, as HTML: empty as a rule.
    pub quiet: Resource<Result<String, ApiError>>,
    /// The id of the dashboard that the address names, or named last.
    pub named: Memo<Option<String>>,
    /// What was found under `named`; while another is asked for, the one before. Its panels' pages do not ask again.
    pub dashboard: RwSignal<Option<Result<Found, ApiError>>>,
    /// The built-in dashboards, id and title, in their order: where navigation leads.
    pub built_in: StoredValue<Vec<(String, String)>>,
    /// How filters are written, as HTML.
    pub syntax: StoredValue<String>,
    /// What the view's annotations found. In the browser only, and after the panels.
    pub annotated: RwSignal<Vec<Annotated>>,
    /// The thing that the address names, or named last.
    pub entity: Memo<Option<Entity>>,
    /// Who reads.
    pub who: StoredValue<Who>,
    /// What is known of `entity`; while another is asked for, of the one before.
    pub known: RwSignal<Option<Known>>,
}

/// The thing that the panels of a page are about, beside the reader's filter. In context on the page of an entity.
#[derive(Clone)]
pub struct Scope(pub Entity);

/// The view that the panels of a page are asked with: the reader's, within the page's scope.
pub fn scoped(view: View, scope: Option<&Scope>) -> View {
    match scope {
        Some(Scope(entity)) => View { filter: entity.within(&view.filter), ..view },
        None => view,
    }
}

impl State {
    /// The address of this page with another view.
    pub fn href(self, view: &View) -> String {
        view.href(&self.base.get())
    }

    /// The address of `path`, or of this page, with a condition added.
    pub fn and(self, term: &Ast, path: Option<&str>) -> String {
        let view = self.view.get().and(term);
        path.map_or_else(|| self.href(&view), |path| view.href(path))
    }

    /// Whether the dashboard is still the one before.
    pub fn is_asking(self) -> bool {
        let named = self.named.get();
        self.dashboard.with(|found| matches!(found, Some(Ok(found)) if Some(&found.dashboard.id) != named.as_ref()))
    }

    /// Asks for a dashboard; what arrives after the reader has gone on is dropped.
    async fn find(self, id: String) {
        let found = api::dashboard_get(id.clone()).await;
        if self.named.get_untracked().is_some_and(|named| named == id) {
            self.dashboard.set(Some(found));
        }
    }

    /// Asks what is known of the thing whose page is at `address`.
    pub async fn get_to_know(self, entity: Entity, address: String) {
        let known = api::entity_html(address).await;
        if self.entity.get_untracked().as_ref() == Some(&entity) {
            self.known.set(Some((entity, known)));
        }
    }

    /// Whether the page is about Trailmap's own audit log: what it shows is in no other place.
    pub fn is_audit(self) -> bool {
        self.path.with_untracked(|path| dashboard_of(path).as_deref() == Some(AUDIT))
    }

    /// Moves to another view of this page; a step in the browser's history.
    pub fn go(self, view: &View) {
        browser::go(&view.href(&self.base.get_untracked()));
    }
}

/// The state of the page. Every component below `Provider` has one.
pub fn use_state() -> State {
    expect_context()
}

/// Reads the address, provides the state and, in the browser, listens for what concerns the whole page.
#[component]
pub fn Provider(children: Children) -> impl IntoView {
    let location = use_location();
    let (path, search) = (location.pathname, location.search);
    let read = Memo::new(move |_| View::from_query(&search.get()));
    let read_own = Memo::new(move |_| match path.get() == discover::PATH {
        true => Discover::from_query(&search.get()),
        false => Default::default(),
    });
    let discover = Memo::new(move |_| read_own.with(|(discover, _)| discover.clone()));
    let errors = move |_: Option<&Vec<Error>>| {
        let own = read_own.with(|(_, errors)| errors.clone());
        read.with(|(view, errors)| all_errors(view, errors)).into_iter().chain(own).collect()
    };
    let named = Memo::new(move |last: Option<&Option<String>>| {
        path.with(|path| dashboard_of(path)).or_else(|| last.cloned().flatten())
    });
    let entity = Memo::new(move |last: Option<&Option<Entity>>| {
        path.with(|path| match path.starts_with(entity::PATH) {
            true => Entity::from_path(path),
            false => last.cloned().flatten(),
        })
    });
    let Named(dashboard, known) = SharedValue::new(|| use_context::<Named>().unwrap_or_default()).into_inner();
    let tick = RwSignal::new(0);
    let state = State {
        path,
        view: Memo::new(move |_| read.with(|(view, _)| view.clone())),
        discover,
        base: Memo::new(move |_| discover.with(|discover| discover.first().path(&path.get()))),
        errors: Memo::new(errors),
        tick,
        local: RwSignal::new(false),
        about: Resource::new(|| (), |()| api::about_html()),
        quiet: Resource::new(move || tick.get(), |_| api::quiet_html()),
        named,
        dashboard: RwSignal::new(dashboard),
        built_in: StoredValue::new(SharedValue::new(built_in).into_inner()),
        syntax: StoredValue::new(SharedValue::new(syntax).into_inner()),
        annotated: RwSignal::new(Vec::new()),
        entity,
        who: StoredValue::new(SharedValue::new(|| use_context::<Who>().unwrap_or_default()).into_inner()),
        known: RwSignal::new(known),
    };
    provide_context(state);
    Effect::new(move |last: Option<Option<String>>| {
        let id = named.get();
        if let Some(id) = id.clone().filter(|_| last.is_some_and(|last| last != id)) {
            spawn_local(state.find(id));
        }
        id
    });
    annotate(state);
    let navigate = use_navigate();
    Effect::new(move |_| {
        let navigate = navigate.clone();
        browser::listen(move |href, scroll| {
            navigate(href, NavigateOptions { resolve: false, scroll, ..Default::default() });
        });
        state.local.set(zone::stored());
    });
    children()
}

/// On the server; the browser gets them with the page, so that it need not carry the dashboards.
fn built_in() -> Vec<(String, String)> {
    #[cfg(feature = "ssr")]
    return model::dashboard::built_in().iter().map(|of| (of.id.clone(), of.title.clone())).collect();
    #[cfg(not(feature = "ssr"))]
    Vec::new()
}

/// On the server, for the same reason.
fn syntax() -> String {
    #[cfg(feature = "ssr")]
    return crate::fragment::syntax::html();
    #[cfg(not(feature = "ssr"))]
    String::new()
}

/// Looks for what is to be marked on time charts, whenever that or the range changes, and at a refresh.
fn annotate(state: State) {
    let asked = Memo::new(move |_| {
        let named = state.path.with(|path| dashboard_of(path));
        // Its charts show no events, and so none are marked.
        if named.as_deref() == Some(AUDIT) {
            return Vec::new();
        }
        let names_dashboard = named.is_some();
        let view = state.view.get();
        let of = |title: Option<&String>, filter: &String| {
            let View { range, ref pinned, .. } = view;
            let only = View { range, pinned: pinned.clone(), filter: filter.clone(), ..View::default() };
            (title.cloned(), filter.clone(), only.to_query())
        };
        let mut asked: Vec<_> = view.annotate.iter().map(|filter| of(None, filter)).collect();
        state.dashboard.with(|found| {
            if let Some(Ok(found)) = found.as_ref().filter(|_| names_dashboard) {
                let own = &found.dashboard.annotations;
                asked.extend(own.iter().map(|own| of(Some(&own.title), &own.filter)));
            }
        });
        asked
    });
    Effect::new(move |_| {
        state.tick.track();
        let asked_for = asked.get();
        if asked_for.is_empty() {
            return state.annotated.set(Vec::new());
        }
        spawn_local(async move {
            let mut found = Vec::new();
            let own = discover::dashboard();
            let panel = &own.tiles[0].panel.id;
            for (title, filter, query) in &asked_for {
                // A filter that cannot be read marks nothing; its pill is there to be taken away.
                if let Ok(series) = api::panel_series(own.id.clone(), panel.clone(), query.clone()).await {
                    found.push(Annotated::of(title.clone(), filter, &series));
                }
            }
            if asked.get_untracked() == asked_for {
                state.annotated.set(found);
            }
        });
    });
}

/// The id of the dashboard that a path names: `/`, `/audit` and `/d/<dashboard>`, what lies below, and the pages of entities.
pub(crate) fn dashboard_of(path: &str) -> Option<String> {
    let mut segments = path.split('/').skip(1);
    match (segments.next()?, segments.next()) {
        ("", None) => Some(FIRST.to_owned()),
        ("audit", None) => Some(AUDIT.to_owned()),
        ("d", Some(id)) => Some(percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned()),
        _ => Entity::from_path(path).map(|entity| entity.kind.dashboard().to_owned()),
    }
}

fn all_errors(view: &View, errors: &[Error]) -> Vec<Error> {
    let mut all = errors.to_vec();
    all.extend(view.condition().err());
    all
}

/// What of a view concerns one panel: a change elsewhere does not load it again.
pub fn panel_view(view: &View, panel: &Panel) -> View {
    let prefix = format!("{}.", panel.id);
    let switches = view.switches.iter().filter(|(key, _)| key.starts_with(&prefix));
    View {
        switches: switches.map(|(key, on)| (key.clone(), *on)).collect(),
        refresh: None,
        annotate: Vec::new(),
        kiosk: false,
        ..view.clone()
    }
}

/// Whether a panel's switch is on in this view.
pub fn is_on(view: &View, panel: &Panel, switch: &Switch) -> bool {
    view.switches.get(&switch_key(panel, switch)).copied().unwrap_or(switch.on)
}

/// The view with a panel's switch moved.
pub fn switched(view: &View, panel: &Panel, switch: &Switch) -> View {
    let on = !is_on(view, panel, switch);
    let mut view = view.clone();
    if on == switch.on {
        view.switches.remove(&switch_key(panel, switch));
    } else {
        view.switches.insert(switch_key(panel, switch), on);
    }
    view
}

fn switch_key(panel: &Panel, switch: &Switch) -> String {
    format!("{}.{}", panel.id, switch.id)
}

/// Discover with the events that a panel counts: its filter, those of its switches that are on, and the page's.
pub fn discovered(view: &View, panel: &Panel) -> String {
    let parse = |text: &str| filter::parse(text).unwrap_or(Ast::All);
    let switches =
        panel.switches.iter().filter(|switch| is_on(view, panel, switch)).map(|switch| parse(&switch.filter));
    let parts = std::iter::once(parse(&panel.filter)).chain(switches).chain([parse(&view.filter)]);
    // Each condition once: a reader may have filtered for what the panel is about.
    let mut terms = Vec::new();
    for term in parts.flat_map(|part| part.terms()) {
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    let range = view.range.or(panel.range);
    View {
        range,
        switches: Default::default(),
        filter: filter::print(&Ast::all_of(terms)),
        kiosk: false,
        ..view.clone()
    }
    .href(discover::PATH)
}

/// The conditions of a filter; none when it cannot be read.
pub fn terms(filter: &str) -> Vec<Ast> {
    filter::parse(filter).map(|ast| ast.terms()).unwrap_or_default()
}

/// The filter of just these conditions.
pub fn joined(terms: Vec<Ast>) -> String {
    filter::print(&Ast::all_of(terms))
}

/// A view, and what else is in the page's address, as the fields of a form that changes the rest.
pub fn fields(view: &View) -> Vec<(String, String)> {
    let address = use_state().href(view);
    let query = address.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Whether the range ends now: "3 minutes ago" then means something.
pub fn is_live(range: Option<Range>) -> bool {
    match range {
        None | Some(Range::Last { .. }) => true,
        Some(Range::Between { to: Edge::Now { count: 0, round: None, .. }, .. }) => true,
        Some(Range::Between { .. }) => false,
    }
}
