-- identity-figures
with partial as (
  select actor, session, access_key, identity_account, source_ip, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, session_id, events
    from access_hour
    where start_time >= $1 and start_time < $2
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join session using (session_id)
  group by actor, session, access_key, identity_account, source_ip
)
select count(distinct actor) as actors, count(distinct session) as distinct_session, count(distinct access_key) as distinct_access_key, count(distinct identity_account) as distinct_identity_account, count(distinct source_ip) as source_ips, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- identity-figures before
with partial as (
  select actor, session, access_key, identity_account, source_ip, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, session_id, events
    from access_hour
    where start_time >= $1 and start_time < $2
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join session using (session_id)
  group by actor, session, access_key, identity_account, source_ip
)
select count(distinct actor) as actors, count(distinct session) as distinct_session, count(distinct access_key) as distinct_access_key, count(distinct identity_account) as distinct_identity_account, count(distinct source_ip) as source_ips, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- identity-figures timeline
with partial as (
  select bucket, actor, session, access_key, identity_account, source_ip, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select date_bin($1, event_time, 'epoch') as bucket, address_id, identity_id, result_id, session_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
    group by address_id, identity_id, result_id, session_id, bucket
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join session using (session_id)
  group by bucket, actor, session, access_key, identity_account, source_ip
)
select bucket as event_time, count(distinct actor) as actors, count(distinct session) as distinct_session, count(distinct access_key) as distinct_access_key, count(distinct identity_account) as distinct_identity_account, count(distinct source_ip) as source_ips, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by bucket
order by 1

-- root-activity
select event_time, actor, session, coalesce(own_origin, (select origin from credential where access_key = event.access_key), source_identity) as origin, event_name, event_source, outcome, error_code, source_address, host(source_ip) collate "C" as source_ip, country, aws_region, account, event_id
from event
where event_time >= $1 and event_time < $2
  and (action_id in (select action_id from action where (((event_type = $3) is not true)))) is true
  and identity_id = any(array(select identity_id from identity where (identity_type = $4) and (((invoked_by is not null) is not true))))
order by event_time desc, event_key desc
limit $5

-- root-activity total
with partial as (
  select coalesce(sum(summed.events), 0)::bigint as events
  from (
    select count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (((event_type = $3) is not true)))) is true
      and identity_id = any(array(select identity_id from identity where (identity_type = $4) and (((invoked_by is not null) is not true))))
  ) as summed
)
select coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- root-activity number
with partial as (
  select event_name, source_ip, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select action_id, address_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (((event_type = $3) is not true)))) is true
      and identity_id = any(array(select identity_id from identity where (identity_type = $4) and (((invoked_by is not null) is not true))))
    group by action_id, address_id, result_id, scope_id
  ) as summed
  left join action using (action_id)
  left join address using (address_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by event_name, source_ip, account
)
select coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct event_name) as distinct_event_name, count(distinct source_ip) as source_ips, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- root-activity number before
with partial as (
  select event_name, source_ip, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select action_id, address_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (((event_type = $3) is not true)))) is true
      and identity_id = any(array(select identity_id from identity where (identity_type = $4) and (((invoked_by is not null) is not true))))
    group by action_id, address_id, result_id, scope_id
  ) as summed
  left join action using (action_id)
  left join address using (address_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by event_name, source_ip, account
)
select coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct event_name) as distinct_event_name, count(distinct source_ip) as source_ips, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- identity-types
with partial as (
  select identity_type, actor, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select identity_id, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
    group by identity_id
  ) as summed
  left join identity using (identity_id)
  group by identity_type, actor
)
select identity_type, coalesce(sum(events), 0)::bigint as events, count(actor) as actors, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by identity_type
order by 2 desc nulls last, 1
limit $3

-- accounts
with partial as (
  select account, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select identity_id, result_id, scope_id, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
    group by identity_id, result_id, scope_id
  ) as summed
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by account, actor
)
select account, coalesce(sum(events), 0)::bigint as events, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, count(actor) as actors, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by account
order by 2 desc nulls last, 1
limit $3

-- clients
with partial as (
  select client, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select agent_id, identity_id, result_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
    group by agent_id, identity_id, result_id
  ) as summed
  left join agent using (agent_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by client, actor
)
select client, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(actor) as actors, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by client
order by 2 desc nulls last, 1
limit $3

-- actors
with partial as (
  select actor, identity_type, session, source_ip, aws_region, actor_arn, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select address_id, identity_id, result_id, scope_id, session_id, events, last_seen
    from access_hour
    where start_time >= $1 and start_time < $2
      and (identity_id in (select identity_id from identity where (((identity_type = $3) is not true)) and ((((actor like $4 or actor like $5)) is not true)))) is true
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  left join session using (session_id)
  group by actor, identity_type, session, source_ip, aws_region, actor_arn
)
select actor, identity_type, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct session) as distinct_session, count(distinct source_ip) as source_ips, count(distinct aws_region) as aws_regions, (array_agg(actor_arn order by actor_arn_events desc, actor_arn) filter (where actor_arn is not null))[1] as most_frequent_actor_arn, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from (select *, sum(events) over (partition by actor, identity_type, actor_arn) as actor_arn_events from partial) as partial
group by actor, identity_type
order by 3 desc nulls last, 1, 2
limit $6

-- iam-changes
with partial as (
  select event_name, resource, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen, sum(summed.events) filter (where is_first) as whole
  from (
    select event_name, unnest(coalesce(resource, '{null}')) as resource, actor, unnest(array[true]) as is_first, summed.events, outcome, summed.last_seen
    from (
      select action_id, identity_id, result_id, target_id, count(*) as events, max(event_time) as last_seen
      from stored_event
      where event_time >= $1 and event_time < $2
        and action_id = any(array(select action_id from action where (event_source = $3) and ((read_only = $4 or (((read_only is not null) is not true) and (((event_name like $5 or event_name like $6 or event_name like $7 or event_name like $8)) is not true))))))
      group by action_id, identity_id, result_id, target_id
    ) as summed
    left join action using (action_id)
    left join identity using (identity_id)
    left join result using (result_id)
    left join target using (target_id)
  ) as summed
  group by event_name, resource, actor
)
select event_name, resource, actor, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, max(last_seen) as last_seen, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by event_name, resource, actor
order by 6 desc nulls last, 1, 2, 3
limit $9

-- iam-changes timeline
with partial as (
  select bucket, event_name, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, action_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and action_id = any(array(select action_id from action where (event_source = $4) and ((read_only = $5 or (((read_only is not null) is not true) and (((event_name like $6 or event_name like $7 or event_name like $8 or event_name like $9)) is not true))))))
    group by action_id, bucket
  ) as summed
  left join action using (action_id)
  group by bucket, event_name
),
totalled as (
  select *, sum(events) over (partition by event_name) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by event_name is null, group_events desc, event_name) as place
  from totalled
),
marked as (
  select *, not (event_name is null) and place > $10 as other
  from ranked
),
labelled as (
  select *, case when not other then event_name end as group_0
  from marked
)
select bucket as event_time, group_0 as event_name, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- cross-account-access
with partial as (
  select identity_account, account, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select identity_id, result_id, scope_id, sum(events)::bigint as events, max(last_seen) as last_seen
    from access_hour
    where start_time >= $1 and start_time < $2
      and (identity_id in (select identity_id from identity where (cross_account = $3))) is true
    group by identity_id, result_id, scope_id
  ) as summed
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by identity_account, account, actor
)
select identity_account, account, actor, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by identity_account, account, actor
order by 4 desc nulls last, 1, 2, 3
limit $4

-- role-origins
with partial as (
  select origin, actor, session, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select identity_id, result_id, session_id, events, last_seen
    from access_hour
    where start_time >= $1 and start_time < $2
      and (identity_id in (select identity_id from identity where (identity_type = $3) and (((identity_type = $4) is not true)) and ((((actor like $5 or actor like $6)) is not true)))) is true
  ) as summed
  left join identity using (identity_id)
  left join result using (result_id)
  left join session using (session_id)
  left join (select access_key as issued_key, origin as issued_origin from credential) as issued on issued_key = session.access_key
  cross join lateral (select coalesce(identity.own_origin, issued_origin, session.source_identity) as origin) as began
  where (origin is not null)
  group by origin, actor, session
)
select origin, actor, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(session) as distinct_session, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by origin, actor
order by 3 desc nulls last, 1, 2
limit $7

-- access-keys
with partial as (
  select access_key, actor, source_ip, country, client, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, min(summed.first_seen) as first_seen, max(summed.last_seen) as last_seen
  from (
    select address_id, agent_id, identity_id, result_id, session_id, count(*) as events, min(event_time) as first_seen, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and (session_id in (select session_id from session where (access_key like $3))) is true
    group by address_id, agent_id, identity_id, result_id, session_id
  ) as summed
  left join address using (address_id)
  left join agent using (agent_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join session using (session_id)
  group by access_key, actor, source_ip, country, client
)
select access_key, actor, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct source_ip) as source_ips, count(distinct country) as countries, (array_agg(client order by client_events desc, client) filter (where client is not null))[1] as most_frequent_client, min(first_seen) as first_seen, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from (select *, sum(events) over (partition by access_key, actor, client) as client_events from partial) as partial
group by access_key, actor
order by 3 desc nulls last, 1, 2
limit $4

-- new-countries
with partial as (
  select actor, country, coalesce(sum(summed.events), 0)::bigint as events, min(summed.first_seen) as first_seen
  from (
    select address_id, identity_id, sum(events)::bigint as events, min(first_seen) as first_seen
    from access_hour
    where start_time >= $1 and start_time < $2
      and (address_id in (select address_id from address where (country is not null))) is true
      and (identity_id in (select identity_id from identity where (((identity_type = $3) is not true)) and ((((actor like $4 or actor like $5)) is not true)))) is true
    group by address_id, identity_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  group by actor, country
)
select actor, country, coalesce(sum(events), 0)::bigint as events, min(first_seen) as first_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor, country
order by 4 desc nulls last, 1, 2
limit $6

-- new-clients
with partial as (
  select actor, client, coalesce(sum(summed.events), 0)::bigint as events, min(summed.first_seen) as first_seen
  from (
    select agent_id, identity_id, count(*) as events, min(event_time) as first_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and (agent_id in (select agent_id from agent where (client is not null))) is true
      and (identity_id in (select identity_id from identity where (((identity_type = $3) is not true)) and ((((actor like $4 or actor like $5)) is not true)))) is true
    group by agent_id, identity_id
  ) as summed
  left join agent using (agent_id)
  left join identity using (identity_id)
  group by actor, client
)
select actor, client, coalesce(sum(events), 0)::bigint as events, min(first_seen) as first_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor, client
order by 4 desc nulls last, 1, 2
limit $6