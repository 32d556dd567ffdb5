-- sign-in-figures
with partial as (
  select actor, source_ip, country, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
    group by address_id, identity_id, result_id, scope_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by actor, source_ip, country, account
)
select coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct actor) as actors, count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- sign-in-figures before
with partial as (
  select actor, source_ip, country, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
    group by address_id, identity_id, result_id, scope_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by actor, source_ip, country, account
)
select coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct actor) as actors, count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- sign-in-figures timeline
with partial as (
  select bucket, actor, source_ip, country, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select date_bin($1, event_time, 'epoch') as bucket, address_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and action_id = any(array(select action_id from action where (event_source = $4) and (event_name = $5)))
    group by address_id, identity_id, result_id, scope_id, bucket
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by bucket, actor, source_ip, country, account
)
select bucket as event_time, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct actor) as actors, count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by bucket
order by 1

-- second-factor
with partial as (
  select case when identity_type = any($1) then 0 when mfa_used = $2 then 1 when mfa_used = $3 then 2 when ((mfa_used is not null) is not true) then 3 end as class_at, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select identity_id, count(*) as events
    from stored_event
    where event_time >= $4 and event_time < $5
      and action_id = any(array(select action_id from action where (event_source = $6) and (event_name = $7)))
      and (result_id in (select result_id from result where (outcome = $8))) is true
    group by identity_id
  ) as summed
  left join identity using (identity_id)
  group by class_at
)
select ($9::text[])[class_at + 1] as class, coalesce(sum(events), 0)::bigint as events, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by class_at
order by 2 desc nulls last, 1
limit $10

-- sign-ins-without-mfa
with partial as (
  select actor, account, source_ip, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen
  from (
    select address_id, identity_id, scope_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
      and (identity_id in (select identity_id from identity where (mfa_used = $5) and (((identity_type = any($6)) is not true)))) is true
      and (result_id in (select result_id from result where (outcome = $7))) is true
    group by address_id, identity_id, scope_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join scope using (scope_id)
  group by actor, account, source_ip
)
select actor, account, coalesce(sum(events), 0)::bigint as events, count(source_ip) as source_ips, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor, account
order by 3 desc nulls last, 1, 2
limit $8

-- sign-ins-without-mfa number
with partial as (
  select actor, source_ip, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select address_id, identity_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
      and (identity_id in (select identity_id from identity where (mfa_used = $5) and (((identity_type = any($6)) is not true)))) is true
      and (result_id in (select result_id from result where (outcome = $7))) is true
    group by address_id, identity_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  group by actor, source_ip
)
select coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct source_ip) as source_ips, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- sign-ins-without-mfa number before
with partial as (
  select actor, source_ip, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select address_id, identity_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
      and (identity_id in (select identity_id from identity where (mfa_used = $5) and (((identity_type = any($6)) is not true)))) is true
      and (result_id in (select result_id from result where (outcome = $7))) is true
    group by address_id, identity_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  group by actor, source_ip
)
select coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct source_ip) as source_ips, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- failed-sign-ins
with partial as (
  select source_ip, country, actor, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen
  from (
    select address_id, identity_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
      and (result_id in (select result_id from result where (outcome = $5))) is true
    group by address_id, identity_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  group by source_ip, country, actor
)
select host(source_ip) collate "C" as source_ip, country, coalesce(sum(events), 0)::bigint as events, count(actor) as actors, (array_agg(actor order by events desc, actor) filter (where actor is not null))[1] as most_frequent_actor, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by source_ip, country
order by 3 desc nulls last, 1, 2
limit $6

-- failed-sign-ins timeline
with partial as (
  select bucket, country, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, address_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and action_id = any(array(select action_id from action where (event_source = $4) and (event_name = $5)))
      and (result_id in (select result_id from result where (outcome = $6))) is true
    group by address_id, bucket
  ) as summed
  left join address using (address_id)
  group by bucket, country
),
totalled as (
  select *, sum(events) over (partition by country) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by country is null, group_events desc, country) as place
  from totalled
),
marked as (
  select *, not (country is null) and place > $7 as other
  from ranked
),
labelled as (
  select *, case when not other then country end as group_0
  from marked
)
select bucket as event_time, group_0 as country, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- sign-in-hours
with partial as (
  select weekday, hour, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select extract(isodow from start_time at time zone 'UTC')::bigint as weekday, extract(hour from start_time at time zone 'UTC')::bigint as hour, sum(events)::bigint as events
    from action_hour
    where start_time >= $1 and start_time < $2
      and (action_id in (select action_id from action where (event_source = $3) and (event_name = $4))) is true
    group by weekday, hour
  ) as summed
  group by weekday, hour
),
summed as (
  select weekday, hour, coalesce(sum(events), 0)::bigint as events, sum(events) as pair_events, coalesce(sum(sum(events)) over (), 0)::bigint as total
  from partial
  group by weekday, hour
),
totalled as (
  select *, (sum(pair_events) over (partition by weekday))::bigint as group_events, sum(pair_events) over (partition by hour) as other_events
  from summed
),
placed as (
  select *, dense_rank() over (order by group_events desc, weekday) as outer_place, dense_rank() over (order by other_events desc, hour) as inner_place
  from totalled
),
fitting as (
  select *, outer_place <= $5 and inner_place <= $6 as fits
  from placed
),
told as (
  select *, not bool_and(fits) over () as cut
  from fitting
)
select weekday, hour, events, total, cut
from told
where fits
order by outer_place, inner_place

-- sign-in-accounts
with partial as (
  select account, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select identity_id, result_id, scope_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
    group by identity_id, result_id, scope_id
  ) as summed
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by account, actor
)
select account, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(actor) as actors, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by account
order by 2 desc nulls last, 1
limit $5

-- recent-sign-ins
select event_time, actor, session, coalesce(own_origin, (select origin from credential where access_key = event.access_key), source_identity) as origin, event_name, event_source, outcome, error_code, source_address, host(source_ip) collate "C" as source_ip, country, aws_region, account, event_id
from event
where event_time >= $1 and event_time < $2
  and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
order by event_time desc, event_key desc
limit $5

-- recent-sign-ins total
with partial as (
  select coalesce(sum(summed.events), 0)::bigint as events
  from (
    select sum(events)::bigint as events
    from action_hour
    where start_time >= $1 and start_time < $2
      and (action_id in (select action_id from action where (event_source = $3) and (event_name = $4))) is true
  ) as summed
)
select coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial