-- change-figures
with partial as (
  select actor, event_source, event_name, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select action_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (read_only = $3))) is true
    group by action_id, identity_id, result_id, scope_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by actor, event_source, event_name, account
)
select coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct event_source) as distinct_event_source, count(distinct event_name) as distinct_event_name, count(distinct account) as accounts, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- change-figures before
with partial as (
  select actor, event_source, event_name, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select action_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (read_only = $3))) is true
    group by action_id, identity_id, result_id, scope_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by actor, event_source, event_name, account
)
select coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct event_source) as distinct_event_source, count(distinct event_name) as distinct_event_name, count(distinct account) as accounts, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- change-figures timeline
with partial as (
  select bucket, actor, event_source, event_name, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select date_bin($1, event_time, 'epoch') as bucket, action_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and (action_id in (select action_id from action where (read_only = $4))) is true
    group by action_id, identity_id, result_id, scope_id, bucket
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by bucket, actor, event_source, event_name, account
)
select bucket as event_time, coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct event_source) as distinct_event_source, count(distinct event_name) as distinct_event_name, count(distinct account) as accounts, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by bucket
order by 1

-- reads-and-writes
with partial as (
  select bucket, read_only, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, action_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
    group by action_id, bucket
  ) as summed
  left join action using (action_id)
  group by bucket, read_only
),
totalled as (
  select *, sum(events) over (partition by read_only) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by read_only is null, group_events desc, read_only) as place
  from totalled
),
marked as (
  select *, not (read_only is null) and place > $4 as other
  from ranked
),
labelled as (
  select *, case when not other then read_only end as group_0
  from marked
)
select bucket as event_time, group_0 as read_only, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- change-hours
with partial as (
  select weekday, hour, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select extract(isodow from event_time at time zone 'UTC')::bigint as weekday, extract(hour from event_time at time zone 'UTC')::bigint as hour, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (read_only = $3))) is true
      and (identity_id in (select identity_id from identity where (((identity_type = $4) is not true)) and ((((actor like $5 or actor like $6)) is not true)))) is true
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
  select *, outer_place <= $7 and inner_place <= $8 as fits
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

-- services
with partial as (
  select event_source, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select action_id, identity_id, result_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
    group by action_id, identity_id, result_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by event_source, actor
)
select event_source, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(actor) as actors, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by event_source
order by 2 desc nulls last, 1
limit $3

-- event-names
with partial as (
  select event_source, event_name, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select action_id, sum(events)::bigint as events
    from action_hour
    where start_time >= $1 and start_time < $2
    group by action_id
  ) as summed
  left join action using (action_id)
  group by event_source, event_name
),
summed as (
  select event_source, event_name, coalesce(sum(events), 0)::bigint as events, sum(events) as pair_events, coalesce(sum(sum(events)) over (), 0)::bigint as total
  from partial
  group by event_source, event_name
),
totalled as (
  select *, (sum(pair_events) over (partition by event_source))::bigint as group_events, sum(pair_events) over (partition by event_name) as other_events
  from summed
),
placed as (
  select *, dense_rank() over (order by group_events desc, event_source) as outer_place, row_number() over (partition by event_source order by events desc nulls last, event_name) as inner_place
  from totalled
),
fitting as (
  select *, outer_place <= $3 and inner_place <= $4 as fits
  from placed
),
told as (
  select *, not bool_and(fits) over () as cut
  from fitting
)
select event_source, event_name, events, group_events, total, cut
from told
where fits
order by outer_place, inner_place

-- destructive-actions
with partial as (
  select event_name, event_source, resource, actor, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen, sum(summed.events) filter (where is_first) as whole
  from (
    select event_name, event_source, unnest(coalesce(resource, '{null}')) as resource, actor, unnest(array[true]) as is_first, summed.events, summed.last_seen
    from (
      select action_id, identity_id, target_id, count(*) as events, max(event_time) as last_seen
      from stored_event
      where event_time >= $1 and event_time < $2
        and action_id = any(array(select action_id from action where ((event_name like $3 or event_name like $4 or event_name like $5 or event_name like $6 or event_name like $7 or event_name = $8))))
        and (result_id in (select result_id from result where (outcome = $9))) is true
      group by action_id, identity_id, target_id
    ) as summed
    left join action using (action_id)
    left join identity using (identity_id)
    left join target using (target_id)
  ) as summed
  group by event_name, event_source, resource, actor
)
select event_name, event_source, resource, actor, coalesce(sum(events), 0)::bigint as events, max(last_seen) as last_seen, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by event_name, event_source, resource, actor
order by 6 desc nulls last, 1, 2, 3, 4
limit $10

-- destructive-actions timeline
with partial as (
  select bucket, actor, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, identity_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and action_id = any(array(select action_id from action where ((event_name like $4 or event_name like $5 or event_name like $6 or event_name like $7 or event_name like $8 or event_name = $9))))
      and (result_id in (select result_id from result where (outcome = $10))) is true
    group by identity_id, bucket
  ) as summed
  left join identity using (identity_id)
  group by bucket, actor
),
totalled as (
  select *, sum(events) over (partition by actor) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by actor is null, group_events desc, actor) as place
  from totalled
),
marked as (
  select *, not (actor is null) and place > $11 as other
  from ranked
),
labelled as (
  select *, case when not other then actor end as group_0
  from marked
)
select bucket as event_time, group_0 as actor, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- console-changes
with partial as (
  select actor, event_name, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select action_id, identity_id, result_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (read_only = $3) and (((event_source = any($4)) is not true)))) is true
      and (agent_id in (select agent_id from agent where (console = $5))) is true
      and (identity_id in (select identity_id from identity where (((identity_type = $6) is not true)) and ((((actor like $7 or actor like $8)) is not true)))) is true
    group by action_id, identity_id, result_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by actor, event_name
)
select actor, event_name, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor, event_name
order by 5 desc nulls last, 1, 2
limit $9

-- unmanaged-resources
with partial as (
  select event_name, actor, client, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen
  from (
    select action_id, agent_id, identity_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where ((event_name like $3 or event_name = $4)) and ((((event_name = $5 or event_name = $6 or event_name = $7 or event_name = $8 or event_name like $9 or event_name like $10 or event_name like $11)) is not true))))
      and (agent_id in (select agent_id from agent where (((client = any($12)) is not true)))) is true
      and (identity_id in (select identity_id from identity where (((invoked_by is not null) is not true)) and (((identity_type = $13) is not true)) and ((((actor like $14 or actor like $15)) is not true)))) is true
      and (result_id in (select result_id from result where (outcome = $16))) is true
    group by action_id, agent_id, identity_id
  ) as summed
  left join action using (action_id)
  left join agent using (agent_id)
  left join identity using (identity_id)
  group by event_name, actor, client
)
select event_name, actor, client, coalesce(sum(events), 0)::bigint as events, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by event_name, actor, client
order by 5 desc nulls last, 1, 2, 3
limit $17

-- changed-resources
with partial as (
  select resource, actor, event_name, coalesce(sum(summed.events), 0)::bigint as events, min(summed.first_seen) as first_seen, max(summed.last_seen) as last_seen, sum(summed.events) filter (where is_first) as whole
  from (
    select unnest(coalesce(resource, '{null}')) as resource, actor, event_name, unnest(array[true]) as is_first, summed.events, summed.first_seen, summed.last_seen
    from (
      select action_id, identity_id, target_id, count(*) as events, min(event_time) as first_seen, max(event_time) as last_seen
      from stored_event
      where event_time >= $1 and event_time < $2
        and (action_id in (select action_id from action where (read_only = $3))) is true
        and (identity_id in (select identity_id from identity where (((identity_type = $4) is not true)) and ((((actor like $5 or actor like $6)) is not true)))) is true
        and (result_id in (select result_id from result where (outcome = $7))) is true
      group by action_id, identity_id, target_id
    ) as summed
    left join action using (action_id)
    left join identity using (identity_id)
    left join target using (target_id)
    where (resource is not null)
  ) as summed
  group by resource, actor, event_name
)
select resource, coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct event_name) as distinct_event_name, min(first_seen) as first_seen, max(last_seen) as last_seen, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by resource
order by 2 desc nulls last, 1
limit $8

-- recent-changes
select event_time, actor, session, coalesce(own_origin, (select origin from credential where access_key = event.access_key), source_identity) as origin, event_name, event_source, outcome, error_code, source_address, host(source_ip) collate "C" as source_ip, country, aws_region, account, event_id
from event
where event_time >= $1 and event_time < $2
  and (action_id in (select action_id from action where (read_only = $3))) is true
order by event_time desc, event_key desc
limit $4

-- recent-changes total
with partial as (
  select coalesce(sum(summed.events), 0)::bigint as events
  from (
    select sum(events)::bigint as events
    from action_hour
    where start_time >= $1 and start_time < $2
      and (action_id in (select action_id from action where (read_only = $3))) is true
  ) as summed
)
select coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial