/** Tables of report-cache.ts. Apart, because the catalog makes them and the cache needs the catalog. */
export const reportTables = `
  create table report(
    -- As content-key.ts makes them.
    key blob not null unique,
    used integer not null,
    tries integer not null,
    size integer not null,
    value blob not null
  ) strict;
  create index report_used on report(used, size);
`
