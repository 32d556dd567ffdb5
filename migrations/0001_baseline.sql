-- The baseline: objects that were read, the events in them, and what could not be read as an event.
-- One file until 1.0; afterwards forward only.

-- Collation "C": keys are compared byte by byte, which is what ids, names and codes need, and is the fastest.

-- An object is a file, an S3 key, a pushed batch: whatever was delivered as one piece. Its URI is its identity.
create table object (
    object_id bigint generated always as identity primary key,
    uri text collate "C" not null unique,
    -- What tells one content of this URI from another: size and modification time of a file, the ETag of an S3 object.
    version text not null,
    -- done: read to its end. failed: not readable to its end, for the reason in `error`; it is tried again.
    state text not null check (state in ('done', 'failed')),
    error text,
    kind text not null,
    events_read bigint not null,
    events_inserted bigint not null,
    events_duplicate bigint not null,
    events_rejected bigint not null,
    bytes_uncompressed bigint not null,
    finished_at timestamptz not null default now()
);

-- Read through the view `event`, which knows the origin.
create table stored_event (
    -- CloudTrail's eventID (or eventId), or sha256:<hex> of the content where it has none.
    event_id text collate "C" primary key,
    event_time timestamptz not null,
    object_id bigint not null references object,
    event_name text collate "C",
    event_source text collate "C",
    event_type text collate "C",
    event_category text collate "C",
    read_only boolean,
    -- success or failure: see `model::field::Field::Outcome`.
    outcome text collate "C" not null,
    error_code text collate "C",
    error_message text collate "C",
    aws_region text collate "C",
    account text collate "C",
    actor text collate "C",
    session text collate "C",
    identity_type text collate "C",
    actor_arn text collate "C",
    identity_account text collate "C",
    access_key text collate "C",
    invoked_by text collate "C",
    -- As CloudTrail writes it; source_ip only where Rust's parser says that it is an address.
    source_address text collate "C",
    source_ip inet,
    country text collate "C",
    city text collate "C",
    latitude double precision,
    longitude double precision,
    time_zone text collate "C",
    as_number bigint,
    as_organisation text collate "C",
    user_agent text collate "C",
    client text collate "C",
    mfa_used boolean,
    request_id text collate "C",
    -- ARNs, ids and names that the event is about; null rather than empty.
    resource text[] collate "C",
    -- Who began it as far as the event alone tells: the actor, unless that is a role. See the view `event`.
    own_origin text collate "C",
    source_identity text collate "C",
    -- The key of the session that the event opened.
    issued_access_key text collate "C",
    cross_account boolean,
    console boolean,
    tls_version text collate "C",
    vpc_endpoint text collate "C",
    -- The event as it was delivered, byte for byte.
    raw text not null,
    -- `raw` without what Postgres' json refuses (\u0000, lone surrogates); null where `raw` itself is fine.
    raw_json text
);

alter table stored_event alter column raw set compression lz4;
alter table stored_event alter column raw_json set compression lz4;

create index event_time_index on stored_event (event_time desc, event_id desc);
create index event_source_ip_index on stored_event (source_ip);

-- For what is asked of one thing over all time: see `server::query::entity`. Those with a condition are small.
create index event_actor_index on stored_event (actor, event_time);
create index event_own_origin_index on stored_event (own_origin, event_time)
    where own_origin is not null and own_origin is distinct from actor;
create index event_source_identity_index on stored_event (source_identity) where source_identity is not null;
create index event_access_key_index on stored_event (access_key, event_time);
create index event_issued_access_key_index on stored_event (issued_access_key) where issued_access_key is not null;
create index event_resource_index on stored_event using gin (resource);

-- A session's key, the event that issued it, and who is behind it. Written from inserted events alone.
create table credential (
    access_key text collate "C" primary key,
    event_id text collate "C" not null,
    -- Recorded in the account that was called from another one: there the caller is but an account. The event of the
    -- caller's own account, where it is known, is the one to keep.
    from_outside boolean not null,
    -- Of the event: with which key it was signed, and what it tells of the origin.
    parent_access_key text collate "C",
    own_origin text collate "C",
    source_identity text collate "C",
    -- The first caller of the chain of keys; null where nothing in it names one.
    origin text collate "C",
    -- Whether `origin` is that of the chain as it is stored: always, outside of a transaction of ingest.
    settled boolean not null default false
);
create index credential_parent_index on credential (parent_access_key);
create index credential_origin_index on credential (origin);
create index credential_unsettled_index on credential (access_key) where not settled;

-- The event as it is read. A session's key is often issued by an event that arrives later (another region's file, a
-- later run), so that the origin is looked up and not stored: nothing has to be written twice. A query that does not
-- ask for the origin does not pay for it: Postgres leaves out a join whose columns nobody uses.
create view event as
select stored_event.*, coalesce(stored_event.own_origin, credential.origin, stored_event.source_identity) as origin
from stored_event left join credential on credential.access_key = stored_event.access_key;

-- What could not be read as an event: kept whole, with where it stood and why.
create table rejected (
    rejected_id bigint generated always as identity primary key,
    object_id bigint not null references object on delete cascade,
    -- The how-manieth record of the object, from 0; and the byte at which it begins in the uncompressed object.
    ordinal bigint not null,
    byte_offset bigint not null,
    reason text not null,
    -- The text as far as it is UTF-8 (the rest replaced), at most 1 MiB of it.
    text text not null,
    unique (object_id, ordinal)
);

-- Dashboards that users made. Which of the versions holds is `version`; a deleted one keeps its id and can come back.
create table dashboard (
    id text collate "C" primary key,
    -- Of the version that holds, for lists.
    title text not null,
    description text not null,
    version integer not null,
    changed_at timestamptz not null default now(),
    deleted_at timestamptz
);

-- Every version that was ever saved: nothing is overwritten.
create table dashboard_version (
    id text collate "C" not null references dashboard,
    version integer not null,
    -- The dashboard as JSON, in the form of the program that saved it; older forms are understood when read.
    spec text not null,
    note text not null,
    saved_at timestamptz not null default now(),
    primary key (id, version)
);
