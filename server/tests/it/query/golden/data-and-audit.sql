-- tampering
with partial as (
  select class_at, event_name, resource, actor, outcome, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen, sum(summed.events) filter (where is_first) as whole
  from (
    select case when event_name = any($1) then 0 when event_name = any($2) then 1 when event_name = any($3) then 2 when event_name = any($4) then 3 when event_name = any($5) then 4 when event_name = any($6) then 5 when event_name = any($7) then 6 when event_name = any($8) then 7 end as class_at, event_name, unnest(coalesce(resource, '{null}')) as resource, actor, outcome, unnest(array[true]) as is_first, summed.events, summed.last_seen
    from (
      select action_id, identity_id, result_id, target_id, count(*) as events, max(event_time) as last_seen
      from stored_event
      where event_time >= $9 and event_time < $10
        and action_id = any(array(select action_id from action where (event_name = any($11))))
      group by action_id, identity_id, result_id, target_id
    ) as summed
    left join action using (action_id)
    left join identity using (identity_id)
    left join result using (result_id)
    left join target using (target_id)
  ) as summed
  group by class_at, event_name, resource, actor, outcome
)
select ($12::text[])[class_at + 1] as class, event_name, resource, actor, outcome, coalesce(sum(events), 0)::bigint as events, max(last_seen) as last_seen, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by class_at, event_name, resource, actor, outcome
order by class_at asc nulls last, 1, 2, 3, 4, 5
limit $13

-- event-categories
with partial as (
  select event_category, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select action_id, sum(events)::bigint as events
    from action_hour
    where start_time >= $1 and start_time < $2
    group by action_id
  ) as summed
  left join action using (action_id)
  group by event_category
)
select event_category, coalesce(sum(events), 0)::bigint as events, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by event_category
order by 2 desc nulls last, 1
limit $3

-- data-events
with partial as (
  select bucket, event_source, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, action_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and (action_id in (select action_id from action where (event_category = $4))) is true
    group by action_id, bucket
  ) as summed
  left join action using (action_id)
  group by bucket, event_source
),
totalled as (
  select *, sum(events) over (partition by event_source) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by event_source is null, group_events desc, event_source) as place
  from totalled
),
marked as (
  select *, not (event_source is null) and place > $5 as other
  from ranked
),
labelled as (
  select *, case when not other then event_source end as group_0
  from marked
)
select bucket as event_time, group_0 as event_source, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- s3-reads
with partial as (
  select resource, actor, source_ip, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen, sum(summed.events) filter (where is_first) as whole
  from (
    select unnest(coalesce(resource, '{null}')) as resource, actor, source_ip, unnest(array[true]) as is_first, summed.events, summed.last_seen
    from (
      select address_id, identity_id, target_id, count(*) as events, max(event_time) as last_seen
      from stored_event
      where event_time >= $1 and event_time < $2
        and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = any($4))))
        and (result_id in (select result_id from result where (outcome = $5))) is true
      group by address_id, identity_id, target_id
    ) as summed
    left join address using (address_id)
    left join identity using (identity_id)
    left join target using (target_id)
  ) as summed
  group by resource, actor, source_ip
)
select resource, coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct source_ip) as source_ips, max(last_seen) as last_seen, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by resource
order by 2 desc nulls last, 1
limit $6

-- s3-readers
with partial as (
  select actor, source_ip, country, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select address_id, identity_id, result_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = any($4))))
    group by address_id, identity_id, result_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by actor, source_ip, country
)
select actor, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(distinct source_ip) as source_ips, count(distinct country) as countries, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor
order by 2 desc nulls last, 1
limit $5

-- secrets
with partial as (
  select resource, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen, sum(summed.events) filter (where is_first) as whole
  from (
    select unnest(coalesce(resource, '{null}')) as resource, actor, unnest(array[true]) as is_first, summed.events, outcome, summed.last_seen
    from (
      select identity_id, result_id, target_id, count(*) as events, max(event_time) as last_seen
      from stored_event
      where event_time >= $1 and event_time < $2
        and action_id = any(array(select action_id from action where (event_source = any($3)) and (event_name = any($4))))
      group by identity_id, result_id, target_id
    ) as summed
    left join identity using (identity_id)
    left join result using (result_id)
    left join target using (target_id)
  ) as summed
  group by resource, actor
)
select resource, actor, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, max(last_seen) as last_seen, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by resource, actor
order by 3 desc nulls last, 1, 2
limit $5

-- keys
with partial as (
  select resource, event_name, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen, sum(summed.events) filter (where is_first) as whole
  from (
    select unnest(coalesce(resource, '{null}')) as resource, event_name, actor, unnest(array[true]) as is_first, summed.events, outcome, summed.last_seen
    from (
      select action_id, identity_id, result_id, target_id, count(*) as events, max(event_time) as last_seen
      from stored_event
      where event_time >= $1 and event_time < $2
        and action_id = any(array(select action_id from action where (event_source = $3)))
      group by action_id, identity_id, result_id, target_id
    ) as summed
    left join action using (action_id)
    left join identity using (identity_id)
    left join result using (result_id)
    left join target using (target_id)
    where (resource is not null)
  ) as summed
  group by resource, event_name, actor
)
select resource, event_name, coalesce(sum(events), 0)::bigint as events, coalesce(sum(failures), 0)::bigint as failures, count(actor) as actors, max(last_seen) as last_seen, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by resource, event_name
order by 3 desc nulls last, 1, 2
limit $4

-- insights
with partial as (
  select case when text_0 then 0 when text_1 then 1 end as class_at, account, aws_region, count(*) as events, min(event_time) as first_seen, max(event_time) as last_seen
  from (with found as materialized (
    select segment_id, ordinal, (may_0 and ((strpos(raw, $1) > 0 and strpos(raw, $2) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $3 as v from (select coalesce(raw_json, raw)::json -> $4 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $5))) as text_0, (may_1 and ((strpos(raw, $6) > 0 and strpos(raw, $7) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $8 as v from (select coalesce(raw_json, raw)::json -> $9 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $10))) as text_1
    from (
      select segment_id, raw as texts, raw_json as texts_json, folded as texts_folded, (get_bit(sketch, $11) > 0 and get_bit(sketch, $12) > 0 and get_bit(sketch, $13) > 0 and get_bit(sketch, $14) > 0 and get_bit(sketch, $15) > 0 and get_bit(sketch, $16) <> 0 and get_bit(sketch, $17) <> 0 and get_bit(sketch, $18) <> 0 and get_bit(sketch, $19) <> 0 and get_bit(sketch, $20) <> 0 and get_bit(sketch, $21) <> 0 and get_bit(sketch, $22) <> 0) as may_0, (get_bit(sketch, $23) > 0 and get_bit(sketch, $24) > 0 and get_bit(sketch, $25) > 0 and get_bit(sketch, $26) > 0 and get_bit(sketch, $27) > 0 and get_bit(sketch, $28) <> 0 and get_bit(sketch, $29) <> 0 and get_bit(sketch, $30) <> 0 and get_bit(sketch, $31) <> 0 and get_bit(sketch, $32) <> 0 and get_bit(sketch, $33) <> 0 and get_bit(sketch, $34) <> 0) as may_1
      from segment
      where last_time >= $35 and first_time >= date_trunc('month', $36::timestamptz, 'UTC') and first_time < $37
        and ((get_bit(sketch, $38) > 0 and get_bit(sketch, $39) > 0 and get_bit(sketch, $40) > 0 and get_bit(sketch, $41) > 0 and get_bit(sketch, $42) > 0 and get_bit(sketch, $43) <> 0 and get_bit(sketch, $44) <> 0 and get_bit(sketch, $45) <> 0 and get_bit(sketch, $46) <> 0 and get_bit(sketch, $47) <> 0 and get_bit(sketch, $48) <> 0 and get_bit(sketch, $49) <> 0) or (get_bit(sketch, $50) > 0 and get_bit(sketch, $51) > 0 and get_bit(sketch, $52) > 0 and get_bit(sketch, $53) > 0 and get_bit(sketch, $54) > 0 and get_bit(sketch, $55) <> 0 and get_bit(sketch, $56) <> 0 and get_bit(sketch, $57) <> 0 and get_bit(sketch, $58) <> 0 and get_bit(sketch, $59) <> 0 and get_bit(sketch, $60) <> 0 and get_bit(sketch, $61) <> 0))
        and (segment_id in (select segment_id from stored_event where event_time >= $62 and event_time < $63
          and (action_id in (select action_id from action where ((event_category = $64 or event_type = $65)))) is true)) is true
      offset 0
    ) as chosen
    cross join lateral unnest(texts, texts_json) with ordinality as delivered (raw, raw_json, ordinal)
    where ((segment_id, ordinal) in (select segment_id, ordinal from stored_event where event_time >= $66 and event_time < $67
        and (action_id in (select action_id from action where ((event_category = $68 or event_type = $69)))) is true)) is true
    offset 0
  )
  select event.*,
    ((segment_id, ordinal) in (select segment_id, ordinal from found where text_0)) is true as text_0,
    ((segment_id, ordinal) in (select segment_id, ordinal from found where text_1)) is true as text_1
  from event) as event
  where event_time >= $70 and event_time < $71
    and (action_id in (select action_id from action where ((event_category = $72 or event_type = $73)))) is true
  group by class_at, account, aws_region
)
select ($74::text[])[class_at + 1] as class, account, aws_region, coalesce(sum(events), 0)::bigint as events, min(first_seen) as first_seen, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by class_at, account, aws_region
order by 6 desc nulls last, 1, 2, 3
limit $75